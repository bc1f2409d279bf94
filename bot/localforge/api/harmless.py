"""Parameters that GitLab documents, that this forge does not act on, and that may safely be given all the same.

Everything else that is not honoured is refused by name. A parameter is harmless if leaving it out would change nothing here.
"""

HARMLESS: dict[str, frozenset[str]] = {
    # Accounts have no password and need no confirmation.
    "POST /users": frozenset({"password", "force_random_password", "reset_password", "skip_confirmation"}),
    # Nothing here is deleted later.
    "DELETE /users/:user": frozenset({"hard_delete"}),
    "DELETE /projects/:project": frozenset({"permanently_remove", "full_path"}),
    "DELETE /groups/:group": frozenset({"permanently_remove", "full_path"}),
    # What a group's answer would carry besides.
    "GET /groups/:group": frozenset({"with_projects", "with_custom_attributes"}),
    "GET /projects/:project": frozenset({"license", "statistics", "with_custom_attributes"}),
    "GET /projects": frozenset({"simple", "statistics", "with_custom_attributes"}),
    "GET /users": frozenset({"with_custom_attributes"}),
    # Features that a project here does not have, so switching them off or leaving them on is the same.
    "POST /projects": frozenset({"issues_enabled", "wiki_enabled", "jobs_enabled", "snippets_enabled", "merge_requests_enabled"}),
    # There is no TLS to verify on loopback; kinds of events that never happen here.
    "POST /projects/:project/hooks": frozenset(
        {"enable_ssl_verification", "issues_events", "confidential_issues_events", "confidential_note_events", "job_events",
         "pipeline_events", "wiki_page_events", "deployment_events", "releases_events"}
    ),
    "PUT /projects/:project/hooks/:hook": frozenset(
        {"enable_ssl_verification", "issues_events", "confidential_issues_events", "confidential_note_events", "job_events",
         "pipeline_events", "wiki_page_events", "deployment_events", "releases_events"}
    ),
    # Said in the path already.
    "POST /projects/:project/statuses/:sha": frozenset({"sha"}),
    "POST /projects/:project/repository/files/:path": frozenset({"file_path"}),
    "PUT /projects/:project/repository/files/:path": frozenset({"file_path"}),
    "DELETE /projects/:project/repository/files/:path": frozenset({"file_path"}),
    # How a merge request would be shown besides.
    "GET /projects/:project/merge_requests/:iid": frozenset(
        {"render_html", "include_diverged_commits_count", "include_rebase_in_progress"}
    ),
    "GET /projects/:project/repository/commits/:sha": frozenset({"stats"}),
}  # fmt: skip
