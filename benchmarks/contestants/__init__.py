"""Those that the index and the search by words stand beside, one file each."""
