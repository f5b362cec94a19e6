"""Two days in a second: scenarios and drills played through the product's own verbs on a virtual clock."""
