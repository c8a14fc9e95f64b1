"""Click models: from what was clicked where to how likely each place is looked at.

All assume the position-based model: a click happens where a place is looked at and the item there
is found worth it, and the two do not depend on each other (Richardson et al. 2007; Chuklin, Markov
& de Rijke, Click Models for Web Search, 2015, section 3.3).
"""
