-- SPDX-License-Identifier: Apache-2.0
-- Whether there is a repository of another type than git is asked at each start, and for URLs that nobody else claims.
CREATE INDEX repo_other_type ON repo (repo_type) WHERE repo_type <> 'git';
