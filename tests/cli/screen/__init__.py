"""Everything that draws: the one sanitiser, tables, the picture, prompts."""
