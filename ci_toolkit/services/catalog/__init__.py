"""What is fixed: the table of services, its settings, images and addresses, and the files rendered from it."""
