"""The tools that run the three apps and read them side by side.

They know the apps as processes and as source text, and import none of them.
"""
