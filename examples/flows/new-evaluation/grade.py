from promptflow.core import tool


@tool
def grade(groundtruth: str, prediction: str) -> str:
    """Whether two answers are the same, apart from case and surrounding blanks."""
    same = groundtruth.strip().lower() == prediction.strip().lower()
    return "Correct" if same else "Incorrect"
