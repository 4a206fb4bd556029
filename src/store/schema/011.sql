-- SPDX-License-Identifier: Apache-2.0
-- Finds the pull requests that offer a commit, or whose merge it is.
CREATE INDEX pull_request_commit_revision ON pull_request_commit (revision);
CREATE INDEX pull_request_merge_rev ON pull_request (merge_rev);
