"""What is in a class's database, and a mark entered by hand, for tests."""

import sqlite3

SET = "set_1"

CONTENT = {
    "students": "SELECT id, last_name, first_name, email FROM student",
    "submissions": """
        SELECT a.name, s.student_id, s.timestamp, s.extension, n.flagged, n.late_submission_penalty
        FROM submitted_assignment s JOIN assignment a ON a.id = s.assignment_id
        JOIN submitted_notebook n ON n.assignment_id = s.id""",
    "grades": """
        SELECT a.name, s.student_id, c.name, g.auto_score, g.manual_score, g.extra_credit, g.needs_manual_grade
        FROM grade g JOIN base_cell c ON c.id = g.cell_id JOIN submitted_notebook n ON n.id = g.notebook_id
        JOIN submitted_assignment s ON s.id = n.assignment_id JOIN assignment a ON a.id = s.assignment_id""",
    "comments": """
        SELECT a.name, s.student_id, c.name, m.auto_comment, m.manual_comment
        FROM comment m JOIN base_cell c ON c.id = m.cell_id JOIN submitted_notebook n ON n.id = m.notebook_id
        JOIN submitted_assignment s ON s.id = n.assignment_id JOIN assignment a ON a.id = s.assignment_id""",
    "reports": "SELECT * FROM course_report",
    "lines": """
        SELECT (SELECT count(*) FROM grade), (SELECT count(*) FROM comment),
        (SELECT count(*) FROM submitted_notebook), (SELECT count(*) FROM submitted_assignment),
        (SELECT count(*) FROM base_cell), (SELECT count(*) FROM student)""",
}


def content(course):
    """All that the database says and all graded notebooks, without ids and times of writing."""
    with sqlite3.connect(course.root / "gradebook.db") as db:
        found = {what: sorted(map(repr, db.execute(query))) for what, query in CONTENT.items()}
    found["notebooks"] = {
        str(path.relative_to(course.root)): path.read_bytes() for path in course.root.glob("autograded/*/*/*.ipynb")
    }
    return found


def mark_by_hand(course, student, exercise, points, comment=None):
    """Enter a manual mark as the formgrader does."""
    with course.gradebook() as gradebook:
        submission = gradebook.find_submission(SET, student)
        for notebook in submission.notebooks:
            for grade in notebook.grades:
                if grade.cell.name.removesuffix("-marks") == exercise:
                    grade.manual_score, grade.needs_manual_grade = points, False
            for each in notebook.comments:
                if comment and each.cell.name == exercise:
                    each.manual_comment = comment
        gradebook.db.commit()
