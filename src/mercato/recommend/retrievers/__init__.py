"""One file per retriever: a model or a rule that proposes items for a shelf."""
