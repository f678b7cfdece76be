"""The corpus: captures by stage and verdict, where each came from, and the recipes of the synthetic ones."""
