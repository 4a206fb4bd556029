// SPDX-License-Identifier: Apache-2.0
/*
 * The tables of RhodeCode 1.2 to 4.27 and Kallithea 0.2 to 0.7, with the columns that an import
 * reads. What versions have called otherwise stands beside each other.
 */
#include "import.h"

const rc_foreign_table_t rc_import_tables[] = {
    [FROM_VERSION] = {"db_migrate_version", "version repository_id"},
    [FROM_ALEMBIC] = {"alembic_version", "version_num"},
    [FROM_PERMISSIONS] = {"permissions", "permission_id permission_name"},
    [FROM_USERS] = {"users", "user_id username password active admin firstname|name lastname email "
                             "last_login extern_type extern_name|ldap_dn api_key "
                             "inherit_default_permissions created_on"},
    [FROM_KEYS] = {"user_api_keys", "user_api_key_id user_id api_key description expires role "
                                    "created_on repo_id repo_group_id"},
    [FROM_EMAILS] = {"user_email_map", "email_id user_id email"},
    [FROM_IPS] = {"user_ip_map", "ip_id user_id ip_addr"},
    [FROM_SSH_KEYS] = {"user_ssh_keys", "ssh_key_id|user_ssh_key_id user_id"},
    [FROM_USER_GROUPS] = {"users_groups", "users_group_id users_group_name user_group_description "
                                          "users_group_active "
                                          "users_group_inherit_default_permissions user_id "
                                          "created_on"},
    [FROM_MEMBERS] = {"users_groups_members", "users_group_member_id users_group_id user_id"},
    [FROM_REPO_GROUPS] =
        {"groups", "group_id group_name group_description enable_locking user_id created_on"},
    [FROM_REPOS] = {"repositories", "repo_id repo_name clone_uri repo_type user_id private "
                                    "statistics downloads description created_on updated_on "
                                    "landing_revision enable_locking locked fork_id push_uri "
                                    "archived"},
    [FROM_FIELDS] = {"repositories_fields",
                     "repo_field_id repository_id field_key field_label field_value field_desc"},
    [FROM_USER_GLOBALS] = {"user_to_perm", "user_to_perm_id user_id permission_id"},
    [FROM_USER_GROUP_GLOBALS] = {"users_group_to_perm",
                                 "users_group_to_perm_id users_group_id permission_id"},
    [FROM_REPO_USER] = {"repo_to_perm", "repo_to_perm_id repository_id user_id permission_id"},
    [FROM_REPO_USER_GROUP] = {"users_group_repo_to_perm",
                              "users_group_to_perm_id repository_id users_group_id permission_id"},
    [FROM_REPO_GROUP_USER] = {"user_repo_group_to_perm",
                              "group_to_perm_id group_id user_id permission_id"},
    [FROM_REPO_GROUP_USER_GROUP] = {"users_group_repo_group_to_perm",
                                    "users_group_repo_group_to_perm_id group_id users_group_id "
                                    "permission_id"},
    [FROM_USER_GROUP_USER] = {"user_user_group_to_perm",
                              "user_user_group_to_perm_id user_group_id user_id permission_id"},
    [FROM_USER_GROUP_USER_GROUP] = {"user_group_user_group_to_perm",
                                    "user_group_user_group_to_perm_id target_user_group_id "
                                    "user_group_id permission_id"},
    [FROM_BRANCH_USER] = {"user_to_repo_branch_permissions", "branch_rule_id repository_id"},
    [FROM_BRANCH_USER_GROUP] = {"user_group_to_repo_branch_permissions",
                                "branch_rule_id repository_id"},
    [FROM_FOLLOWINGS] = {"user_followings", "user_following_id user_id follows_repository_id "
                                            "follows_user_id follows_from"},
    [FROM_PULL_REQUESTS] = {"pull_requests",
                            "pull_request_id org_repo_id org_ref other_repo_id other_ref revisions "
                            "created_on title description description_renderer status "
                            "user_id|owner_id merge_rev updated_on"},
    [FROM_PULL_VERSIONS] = {"pull_request_versions",
                            "pull_request_version_id org_repo_id org_ref other_repo_id other_ref "
                            "revisions created_on pull_request_id"},
    [FROM_REVIEWERS] = {"pull_request_reviewers", "pull_requests_reviewers_id pull_request_id "
                                                  "user_id reasons mandatory role"},
    [FROM_COMMENTS] = {"changeset_comments", "comment_id repo_id revision pull_request_id line_no "
                                             "f_path user_id text created_on|modified_at "
                                             "comment_type draft pull_request_version_id "
                                             "resolved_comment_id"},
    [FROM_STATUSES] = {"changeset_statuses", "changeset_status_id repo_id user_id revision status "
                                             "changeset_comment_id modified_at pull_request_id"},
    [FROM_GISTS] = {"gists", "gist_id gist_access_id gist_description user_id gist_expires "
                             "gist_type created_on modified_at acl_level"},
    [FROM_JOURNAL] = {"user_logs", "user_log_id user_id username repository_id repository_name "
                                   "user_ip action action_date"},
    [FROM_SETTINGS] = {"rhodecode_settings|settings",
                       "app_settings_id app_settings_name app_settings_value"},
    [FROM_REPO_SETTINGS] = {"repo_rhodecode_settings", "app_settings_id repository_id "
                                                       "app_settings_name app_settings_value"},
    [FROM_UI] = {"rhodecode_ui|ui", "ui_id ui_section ui_value ui_active"},
    [FROM_COUNT] = {NULL, NULL},
};
