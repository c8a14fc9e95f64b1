"""How good the data are: profiles of imports, drift alarms, checks of whole tables, scores."""
