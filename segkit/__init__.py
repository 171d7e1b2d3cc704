"""segkit: are these customer segments real, do they matter, can they be used, do they last?"""

__version__ = "0.1.0"
