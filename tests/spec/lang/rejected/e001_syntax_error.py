# E001
def broken(:
    pass
