offset = 0
