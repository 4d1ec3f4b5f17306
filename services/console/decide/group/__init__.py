"""What the pages of a group's admins think: steps to a drill, areas, forms, answers of tests. Pure."""
