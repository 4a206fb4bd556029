# SPDX-License-Identifier: Apache-2.0
# Moving in: databases of RhodeCode and Kallithea in each form are imported, and every permission of every user is
# as the model of that version says (t/lib/RCAPI/Former.pm); keys and passwords go on working; what does not come is
# reported.
use strict;
use warnings;
use lib 't/lib';
use Digest::MD5 ();
use Digest::SHA ();
use JSON::PP ();
use Test::More;
use Time::HiRes qw(sleep time);
use RCAPI::Former;
use RCAPI::Git;
use RCAPI::PostgreSQL;
use RCAPI::Run qw(await_change rounds slurp spew);
use RCAPI::Test;

my $t = RCAPI::Test->new(public => 0, children => 1);
my ($root, $place) = map { $t->dir . "/$_" } 'data/repos', 'scratch';
my $tiny = "$place/tiny.git";
RCAPI::Git::init("$place/work");
RCAPI::Git::history("$place/work", 2, 1);
$t->run('git', qw(init -q --bare), $tiny);
RCAPI::Git::fill($tiny, "$place/work");

# Puts a repository at each name below a directory.
sub put {
    my ($dir, @names) = @_;
    for (@names) {
        $t->run('mkdir', '-p', "$dir/$_");
        $t->run('cp', '-r', "$tiny/.", "$dir/$_");
    }
}

sub import_from {
    my ($former, $from, @more) = @_;
    my $r = $t->try_admin('import', $former->{program}, '--from', $from, @more);
    $r->{err} .= "signal $r->{signal}\n" if $r->{signal};
    return $r;
}

# What came, as "kind: came here left".
sub counts {
    my ($r) = @_;
    return { map { /^([\w -]+)\t(.*)$/ ? ($1 => $2 =~ tr/\t/ /r) : () } split /\n/, $r->{out} };
}

# What is reported, but for counts and for settings.
sub lines { my ($r) = @_; return [sort grep { /: / } split /\n/, $r->{out}] }

# Compares every permission of every user.
sub compare {
    my ($former) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my %choice = map { $_ => 1 } RCAPI::Former::choices();
    my @bad;
    for my $name (sort keys %{ $former->{user} }) {
        my $has = $t->must(get_user => { userid => $name })->{permissions};
        for my $kind (qw(repositories repositories_groups user_groups)) {
            my ($prefix) = { repositories => 'repository', repositories_groups => 'group',
                user_groups => 'usergroup' }->{$kind};
            for my $object (sort keys %{ $former->{$kind} }) {
                my $wanted = "$prefix." . $former->level($name, $kind, $object);
                my $got = $has->{$kind}{$object} // "$prefix.none";
                push @bad, "$name on $object: $got, not $wanted" if $got ne $wanted;
            }
        }
        next if $former->{user}{$name}{admin};
        my $wanted = join ' ', @{ $former->globals($name) };
        my $got = join ' ', grep { $choice{$_} } @{ $has->{global} };
        push @bad, "$name: $got, not $wanted" if $got ne $wanted;
    }
    is(join("\n", @bad), '', 'every permission of every user');
}

# All rows, without the counters of a database server, which no rollback takes back.
sub rows_here { return $t->dump =~ s/^SELECT pg_catalog\.setval.*//mgr }

sub key_of { return substr Digest::SHA::sha256_hex("key of $_[0]"), 0, 40 }

# A server of its own costs as much as all the rest; t/d0-postgresql.t has one in any case.
my $pg = RCAPI::Test::on_server() || rounds(0, RCAPI::PostgreSQL::bin()) ? RCAPI::PostgreSQL->new : undef;

my $count = 0;
my %form = ('rhodecode 2.2' => 'dump', 'rhodecode 4.3' => $pg ? 'postgresql' : 'sqlite', 'kallithea 0.7' => 'dump');
for my $version (RCAPI::Former::versions()) {
    my $form = $form{$version} // 'sqlite';
    subtest "$version, $form" => sub {
        my $prefix = 'x' . $version =~ s/(.)\S+ (\S+)/$1$2/r =~ tr/.//dr;
        my %more = $version =~ /1\.2|0\.7/ ? (users => ['ann', 'bob', 'carl' .. 'carr'],
            repos => ['one' .. 'onh']) : ();
        my $former = RCAPI::Former->new($version, prefix => $prefix, %more); # more where the rule is another one
        put($root, keys %{ $former->{repositories} });
        my $from = "$place/$prefix";
        if ($form eq 'postgresql') {
            $from = $pg->database;
            $pg->sql($from, $former->postgresql);
        } else {
            $former->$form($from);
        }
        my $before = rows_here();
        my $r = import_from($former, $from, '--dry-run');
        is("$r->{exit} $r->{err}", "0 dry run: nothing was changed\n", 'dry run') or diag($r->{out});
        is(rows_here(), $before, 'it changes nothing');
        my $told = $r->{out};
        $r = import_from($former, $from);
        is("$r->{exit} $r->{err}", '0 ', 'import');
        is($r->{out}, $told, 'it says the same');
        diag $r->{out} if $ENV{VERBOSE};
        compare($former);
        is(join(' ', map { $t->must(get_repo => { repoid => $_ })->{repo_id} - $former->{repositories}{$_}{id} }
            sort keys %{ $former->{repositories} }), '0 0 0', 'ids stay, as long as they are free') if !$count++;
        my $after = rows_here();
        $r = import_from($former, $from);
        is($r->{exit}, 0, 'again');
        is(rows_here(), $after, 'that changes nothing');
    };
}

# --- one source with everything

my $full = RCAPI::Former->new('rhodecode 4.27', prefix => 'full', users => ['ann']);
my $HG = rounds(0, 1) && eval { require RCAPI::Hg }; # a start of hg costs as much as all of this
my $NOBODY = 4711; # an id that nobody has
my $soon = int(time) + 86400;
my %id;
$id{$_->[0]} = $full->user("full_$_->[0]", %{ $_->[1] }) for (
    ['ldap', { extern => 'ldap' }], ['off', { active => 0 }],
    ['sha', { password => Digest::SHA::sha256_hex('pw of sha') }],
    ['md5', { password => Digest::MD5::md5_hex('pw of md5') }],
    ['long', { password => crypt('x' x 80, '$2b$04$abcdefghijklmnopqrstuu') }],
    ['odd', { password => 'unknown form' }], ['slow', { password => '$2a$31$' . 'a' x 53 }],
    ['late', { key => '' }], ['none', { key => '', row => { email => 'no address' } }],
    ['same', { row => { email => 'FULL_ann@example.org', api_key => key_of('full_ann') } }],
);
$full->user($_), delete $full->{user}{$_} for '4712', 'FULL_Ann', "full_\x1b[2J", 'rcapi-admin';
$full->add('users', username => undef);
my $ann = $full->{user}{full_ann}{id};
my ($late) = $id{late};
my %token = map { $_ => RCAPI::Git::random_hex(40) } qw(all soon past odd repo nowhere group ann2);
$t->secret(values %token);
$full->add('user_email_map', user_id => $ann, email => $_)
    for 'Ann.Two@example.org', 'nothing', 'full_off@example.org';
$full->add('user_ip_map', user_id => $ann, ip_addr => $_, active => 1) for '127.0.0.0/8', '10.1.2.3', 'localhost';
$full->add('user_api_keys', user_id => $_->[0], api_key => $_->[1], description => $_->[2], expires => $_->[3],
    role => $_->[4], created_on => '2015-01-01 00:00:00', repo_id => $_->[5], repo_group_id => $_->[6]) for (
    [$ann, $token{soon}, 'api until tomorrow', "$soon.0", 'token_role_api'],
    [$ann, $token{past}, 'past', '1000.5', 'token_role_all'], [$ann, $token{odd}, 'odd', -1, 'role_artifact_download'],
    [$ann, $token{repo}, 'scoped', '-1.0', 'token_role_all', $full->{repositories}{'full/one'}{id}],
    [$ann, $token{group}, 'in a group', -1, 'token_role_all', undef, $full->{repositories_groups}{'full/deep'}{id}],
    [$ann, $token{nowhere}, 'nowhere', -1, 'token_role_all', $NOBODY],
    [$ann, '$2a$04$hashed', 'hashed', -1, 'token_role_all'], [$ann, "a\nb", 'broken', -1, 'token_role_all'],
    [$id{off}, $token{soon}, 'the same', -1, 'token_role_all'], [$late, $token{all}, '', -1, undef],
);
$full->add('user_ssh_keys', user_id => $ann);
my ($orphans, $digits) = map { $full->add('users_groups', users_group_name => $_, users_group_active => 1,
    user_id => $NOBODY, users_group_inherit_default_permissions => 1) } 'full_orphans', '1234';
$full->add('groups', group_name => $_, user_id => 2) for 'full/a:b', 'nowhere/sub', 'full/one';
my %repo;
for (['full/lost'], ['full/broken'], ['full/hg', repo_type => 'hg'], ['nowhere/repo'], ['full/a:b'], ['full/deep'],
    ['full/svn', repo_type => 'svn'], $HG ? ['full/mercurial', repo_type => 'hg'] : (),
    ['full/uri', clone_uri => 'https://user:pa55word@example.org/x', user_id => $NOBODY, landing_revision => 'tip'],
    ['full/secret', clone_uri => 'enc$aes_hmac$abc', push_uri => 'https://example.org/y', archived => 1],
    ['full/locked', locked => "$ann:1400000000.5:lock_web", fork_id => $full->{repositories}{'full/one'}{id}],
    ['full/fork'],
    ['full/unlocked', locked => "$NOBODY:1400000000", fork_id => $NOBODY, landing_revision => 'branch:x'],
) {
    my ($name, %row) = @$_;
    $repo{$name} = $full->add('repositories', repo_name => $name, repo_type => 'git', user_id => 2, private => 0,
        description => '', created_on => '2012-05-06 07:08:09', %row);
}
my $one = $full->{repositories}{'full/one'}{id};
$full->add('repo_to_perm', user_id => $ann, repository_id => $one,
    permission_id => $full->_permission('repository.odd'));
$full->add('user_group_user_group_to_perm', target_user_group_id => $orphans, user_group_id => $orphans,
    permission_id => $full->_permission('usergroup.read'));
$full->add('user_to_perm', user_id => 1, permission_id => $full->_permission('hg.password_reset.enabled'));
$full->add('user_to_repo_branch_permissions', repository_id => $one, branch_pattern => '*');
$full->add('repositories_fields', repository_id => $one, field_key => $_, field_label => 'L', field_value => 'v',
    field_desc => 'd') for 'color', '';
$full->add('user_followings', user_id => $ann, follows_repository_id => $one, follows_from => '2013-01-01 00:00:00');
$full->add('user_followings', user_id => $ann, follows_user_id => 2, follows_from => '2013-01-01 00:00:00');
my $tip = RCAPI::Git::git($tiny, qw(rev-parse master)) =~ s/\s//r;
my $comment = $full->add('changeset_comments', repo_id => $one, revision => $tip, user_id => $ann,
    text => "good\n'it' \\ is", created_on => '2013-02-03 04:05:06.5', comment_type => 'note');
$full->add('changeset_comments', repo_id => $one, revision => $tip, user_id => $ann, text => 'x', @$_)
    for [pull_request_id => $NOBODY], [draft => 1], [user_id => $NOBODY], [revision => undef];
$full->add('changeset_statuses', repo_id => $one, user_id => $ann, revision => $tip, status => 'approved',
    version => 0, changeset_comment_id => $comment, modified_at => '2013-02-03 04:05:06.5', @$_)
    for [], [status => 'great'], [user_id => $NOBODY], [revision => undef];
# Pull requests from a fork: one whose branch is there, in the order of RhodeCode's API; one whose commits nobody has;
# a closed one of commits that no branch reaches.
my $fork = "$place/fork.git";
$t->run('cp', '-r', $tiny, $fork);
my $commit = sub {
    return RCAPI::Git::git($fork, 'commit-tree', 'master^{tree}', '-p', $_[0], '-m', $_[1]) =~ s/\s//r;
};
my $first = $commit->($tip, 'first');
my $second = $commit->($first, 'second');
my $loose = $commit->($tip, 'loose');
RCAPI::Git::git($fork, qw(update-ref refs/heads/topic), $second);
my $gone = 'a' x 40;
my %pull;
for (['open', "branch:topic:$second", "$first:$second", 'new', { description_renderer => 'markdown' }],
    ['gone', "branch:topic:$gone", $gone, 'new'],
    ['old', "branch:old:$loose", $loose, 'closed', { merge_rev => $tip }],
    ['lost', "branch:topic:$second", $second, 'new', { org_repo_id => $NOBODY }],
    ['nobody', "branch:topic:$second", $second, 'new', { user_id => $NOBODY }],
    ['broken', 'topic', $second, 'new'],
    ['away', "branch:topic:$second", $second, 'new', { other_repo_id => $NOBODY }],
    ['svn', "branch:topic:$second", $second, 'new', { other_repo_id => $repo{'full/svn'} }],
    # all of one second, as by a script
    map({ ["twin $_->[0]", "branch:old:$_->[2]", $_->[2], 'closed',
        { created_on => '2014-05-05 05:05:05', org_repo_id => $_->[1] }] }
        [1, $repo{'full/fork'}, $loose], [2, $repo{'full/fork'}, $loose], [3, $one, $tip])) {
    my ($title, $ref, $revisions, $status, $more) = @$_;
    $pull{$title} = $full->add('pull_requests', title => $title, description => "about $title", status => $status,
        created_on => "2014-01-02 03:04:0" . keys %pull, updated_on => '2014-02-02 03:04:05', user_id => $ann,
        revisions => $revisions, org_repo_id => $repo{'full/fork'}, org_ref => $ref, other_repo_id => $one,
        other_ref => "branch:master:$tip", %{ $more // {} });
}
my $was = $full->add('pull_request_versions', pull_request_id => $pull{open}, title => 'open', status => 'new',
    created_on => '2014-01-02 03:04:05', user_id => $ann, revisions => $first, org_repo_id => $repo{'full/fork'},
    org_ref => "branch:topic:$first", other_repo_id => $one, other_ref => "branch:master:$tip");
$full->add('pull_request_reviewers', pull_request_id => $pull{open}, user_id => $_->[0], mandatory => $_->[1],
    role => $_->[2], reasons => $_->[3]) for [$id{late}, 1, 'reviewer', '["Wrote it","\u00dcber \"x\"", "", 1]'],
    [$id{none}, 0, 'observer'], [$NOBODY, 0, 'reviewer'], [$ann, 0, 'reviewer', '{"no": "list"}'];
$full->add('changeset_comments', repo_id => $one, pull_request_id => $pull{$_}, user_id => $ann, text => 'said twice',
    created_on => '2014-05-05 05:05:06') for ('twin 2') x 2, 'twin 3';
my $vote = $full->add('changeset_comments', repo_id => $one, pull_request_id => $pull{open}, user_id => $id{late},
    text => 'fine', created_on => '2014-01-03 00:00:00', comment_type => 'note');
$full->add('changeset_statuses', repo_id => $repo{'full/fork'}, user_id => $id{late}, revision => $_,
    status => 'approved', version => 0, changeset_comment_id => $vote, modified_at => '2014-01-03 00:00:00',
    pull_request_id => $pull{open})
    for $first, $second;
my $todo = $full->add('changeset_comments', repo_id => $one, pull_request_id => $pull{open}, user_id => $ann,
    text => 'mend it', created_on => '2014-01-02 10:00:00', comment_type => 'todo', f_path => 'a.txt', line_no => 'n1',
    pull_request_version_id => $was);
$full->add('changeset_comments', repo_id => $one, pull_request_id => $pull{open}, user_id => $ann, text => 'done',
    created_on => '2014-01-04 00:00:00', comment_type => 'note', resolved_comment_id => $todo);
$full->add('repo_rhodecode_settings', repository_id => $_->[0], app_settings_name => $_->[1],
    app_settings_value => $_->[2], app_settings_type => 'bool') for [$one, 'inherit_vcs_settings', 'False'],
    [$one, 'pr_merge_enabled', 'False'], [$one, 'odd', 'True'], [$repo{'full/uri'}, 'pr_merge_enabled', 'False'];
$full->add('gists', gist_access_id => $_->[0], gist_description => 'G', user_id => $_->[2] // $ann,
    gist_type => 'private', gist_expires => $_->[1], created_on => '2013-02-03 04:05:06',
    modified_at => '2013-02-03 04:05:06', acl_level => 'acl_private')
    for ['GistOfAnn', -1], ['GistPast', 1000], ['GistLost', -1], ['../etc', -1],
    $HG ? ['GistOfHg', -1] : (), ['GistOfAll', -1, 1], ['GistEmpty', -1];
$full->add('user_logs', user_id => $ann, username => 'full_ann', repository_id => $one, repository_name => 'full/one',
    user_ip => '10.0.0.1', action => $_->[0], action_date => $_->[1]) for ['push:abc', '2013-02-03 04:05:06'],
    ['push:def', '0000-00-00 00:00:00'];
my @settings = ([title => 'Our code'], [default_repo_private => 'true'], [default_repo_type => 'cvs'],
    [repository_fields => 'True'], [realm => 'Ours']);
$full->add('rhodecode_settings', app_settings_name => $_->[0], app_settings_value => $_->[1]) for @settings;
$full->add('rhodecode_ui', ui_section => $_->[0], ui_value => $_->[1], ui_active => $_->[2] // 1)
    for [hooks => 'x'], [vcs_svn_branch => '/main'], [vcs_svn_branch => '/topics/*'], [vcs_svn_branch => '/off', 0],
    [vcs_svn_tag => 'no/slash'];
my $from = "$place/full";
my $copied = "$place/copied"; # their repositories are elsewhere

my @LINES = split /\n/, <<'END';
e-mail address FULL_ann@example.org: of full_same: another user has it
e-mail address full_off@example.org: of full_ann: another user has it
e-mail address no address: of full_none: it is no e-mail address
e-mail address nothing: of full_ann: it is no e-mail address
IP entry localhost: of full_ann: it is no address or network
comment full/one: a comment by a user who has not come
comment full/one: a comment on a pull request that has not come
comment full/one: a comment on no commit
comment full/one: a draft of a comment
field full/one: a field without a key
gist ../etc: its id is no name here
gist GistEmpty: it has no files
gist GistLost: it is missing on the disk
gist GistOfAll: its owner has not come
gist GistPast: it has expired
global permission hg.password_reset.enabled: is unknown here
journal entry push:def: has no time
key of full_ann, broken: it is no key
key of full_ann, hashed: it is stored as a hash there: make a new one
key of full_ann, nowhere: what it is limited to has not come
key of full_ann, odd: the role role_artifact_download is unknown here
key of full_ann, past: it has expired
key of full_ann: it is for SSH, which this server does not have
key of full_off, the same: another user has it
key of full_same: another user has it
permission full/one: a permission on branches: this server has none
permission full_orphans: a user group has no permission on itself
permission repository.odd: is unknown here
pull request 1: a reviewer has not come
pull request 2 gone: is closed here: neither repository has its commits
pull request 4 lost: its source has not come
pull request 5 nobody: its author has not come
pull request 6 broken: its references or commits cannot be read
pull request 7 away: its target has not come
pull request 8 svn: repositories of its type have no pull requests here
repository full/a:b: the name holds one of \ : < >
repository full/broken: there is no repository on the disk
repository full/deep: a repository group has its name
repository full/hg: its type is hg, and git on the disk
repository group full/one: a repository has its name
repository full/lost: it is missing on the disk
repository full/secret: is archived there; here it can be written to
repository full/secret: its clone_uri is encrypted there: set it again
repository full/secret: its push_uri does not come: this server pushes nowhere
repository full/unlocked: is not locked here: who holds the lock has not come
repository full/unlocked: what it is a fork of has not come
repository full/uri: its owner has not come: admin owns it
repository group full/a:b: the name holds one of \ : < >
repository group nowhere/sub: the group above it has not come
repository nowhere/repo: the group that it is in has not come
setting default_repo_type: has another value here
setting realm: is unknown here
setting svn_tag_patterns: no/slash is not possible here
status full/one: a status by a user who has not come
status full/one: a status of no commit
status full/one: a status that is unknown here
user : has no name
user 4712: the username reads as an id
user FULL_Ann: differs from `full_ann` only in case
user full_?[2J: the username holds a control character
user full_ldap: has no password here: ldap has it
user full_odd: has no password here: its hash has an unknown form
user full_off: is not active, there and here
user full_slow: has no password here: its hash has an unknown form
user group 1234: the name is all digits, like an id
user group full_orphans: its owner has not come: admin owns it
user rcapi-admin: the username is that of a program in the journal
END

subtest 'everything, copied' => sub {
    $full->sqlite($from);
    put($copied, (grep { !m{lost|broken|nowhere|:|deep$|svn|mercurial|fork} } keys %repo),
        keys %{ $full->{repositories} });
    $t->run('cp', '-r', $fork, "$copied/full/fork");
    put("$copied/.rc_gist_store", 'GistOfAnn');
    $t->run('mkdir', '-p', "$copied/full/broken");
    $t->run('svnadmin', 'create', "$copied/full/svn");
    if ($HG) {
        RCAPI::Hg::hg('init', "$copied/full/mercurial");
        RCAPI::Hg::build("$copied/full/mercurial", { files => { 'a.txt' => { data => "text\n" } } });
        $t->run('cp', '-r', "$copied/full/mercurial", "$copied/.rc_gist_store/GistOfHg");
    }
    $t->run('git', qw(init -q --bare), "$copied/.rc_gist_store/GistEmpty");
    spew("$copied/full/one/hooks/post-receive", "#!/bin/sh\n");
    chmod 0755, "$copied/full/one/hooks/post-receive";
    $t->admin('set', 'default_repo_type', 'svn');
    my $dry = import_from($full, $from, '--copy', $copied, '--dry-run', '--headers');
    like($dry->{out}, qr/^kind\twould come\tare here\twould not come$/m, 'a dry run says what would come');
    my $r = import_from($full, $from, '--copy', $copied);
    is("$r->{exit} $r->{err}", '0 ', 'import');
    is("@{lines($dry)}", "@{lines($r)}", 'as the dry run has said');
    is(join("\n", @{ lines($r) }), join("\n", sort @LINES), 'every line of the report');
    compare($full);
    ok(-d "$root/full/one/objects", 'a repository was copied');
    is($t->must(get_repo => { repoid => 'full/svn' })->{repo_type}, 'svn', 'one of Subversion');
    SKIP: {
        skip 'only with RCAPI_ROUNDS=all', 2 if !$HG;
        my $last = $t->must(get_repo => { repoid => 'full/mercurial' })->{last_changeset};
        is($last->{revision}, 0, 'one of Mercurial');
        is_deeply($t->must(get_gist => { gistid => 'GistOfHg', content => JSON::PP::true() })->{content},
            { 'a.txt' => "text\n" }, 'a gist of Mercurial');
    }
    ok(!-e "$root/full/one/hooks/post-receive", 'but not its hook');
    my $after = rows_here();
    my $kept = "$root/full/one/refs/rc/pull/$second/head";
    utime 1, time - 90_000, $kept;
    is(import_from($full, $from, '--copy', $copied)->{exit}, 0, 'again');
    is(rows_here(), $after, 'that changes nothing');
    cmp_ok(time - (stat $kept)[9], '<', 80_000, 'what is kept counts as new: check --repair leaves it');
    is_deeply([glob "$root/.rc_tmp/*.op"], [], 'nothing is unfinished');
};

subtest 'pull requests' => sub {
    my $has = $t->must(get_pull_request => { pullrequestid => $pull{open} });
    is("$has->{status} $has->{description} $has->{author}{username} $has->{review_status}",
        'new about open full_ann under_review', 'an open one');
    is_deeply($has->{commit_ids}, [$second, $first], 'its commits, the newest first');
    is("$has->{source}{repository} $has->{target}{reference}{name}", 'full/fork master', 'source and target');
    is_deeply([map { "$_->{user}{username} $_->{review_status}" } @{ $has->{reviewers} }],
        ['full_late approved', 'full_ann not_reviewed'], 'reviewers, without observers');
    is_deeply([map { $_->{reasons} } @{ $has->{reviewers} }], [['Wrote it', "\x{dc}ber \"x\""], []],
        'and why they are');
    is($has->{mergeable}{message}, 'Server-side pull request merging is disabled.', 'a setting of the repository');
    is($t->must(get_repo_settings => { repoid => 'full/uri', key => 'rhodecode_pr_merge_enabled' }), JSON::PP::true(),
        'which counts only where it did');
    $t->must(set_repo_settings => { repoid => 'full/one',
        settings => { rhodecode_pr_merge_enabled => JSON::PP::true() } });
    my @comments = map { join ' ', grep { defined } @$_{qw(comment_text comment_f_path comment_lineno
        pull_request_version)} } @{ $t->must(get_pull_request_comments => { pullrequestid => $pull{open} }) };
    is_deeply(\@comments, ['mend it a.txt n1 v1', 'fine', 'done'], 'comments');
    is($t->must(get_pull_request => { pullrequestid => $pull{gone} })->{status}, 'closed', 'one without commits');
    is($t->must(get_pull_request => { pullrequestid => $pull{old} })->{status}, 'closed', 'a closed one');
    my %twin = map { $_->{title} =~ /^twin/ ? ($_->{title} => $_) : () }
        @{ $t->must(get_pull_requests => { repoid => 'full/one', status => 'closed' }) };
    is(join(', ', map { "$_ $twin{$_}{source}{repository}" } sort keys %twin),
        'twin 1 full/fork, twin 2 full/fork, twin 3 full/one', 'each of those that look alike');
    my $told = sub { scalar @{ $t->must(get_pull_request_comments => { pullrequestid => $_[0]{pull_request_id} }) } };
    is(join(' ', map { $told->($twin{$_}) } sort keys %twin), '0 2 1', 'with its comments');
    is(RCAPI::Git::git("$root/full/one", qw(cat-file -t), $loose), "commit\n", 'whose commits the target keeps');
    ok(-e "$root/full/one/refs/rc/pull/$first/head", 'and those of versions');
    my $merged = $t->must(merge_pull_request => { pullrequestid => $pull{open} });
    ok($merged->{executed}, 'the open one can be merged');
};

subtest 'keys and passwords' => sub {
    my $whoami = sub { my $a = $t->call(get_user => {}, key => $_[0]); return $a->{result}{username} // $a->{error} };
    is($whoami->(key_of('full_ann')), 'full_ann', 'the main key');
    is($whoami->($token{soon}), 'full_ann', 'a token of role api');
    is($whoami->($token{$_}), 'Invalid API KEY', "$_ is none") for qw(past odd nowhere);
    is($whoami->($token{all}), 'full_late', 'the first token of all roles is the main key');
    is($t->must(get_user => { userid => 'full_late' })->{api_key}, $token{all}, 'get_user shows it as such');
    like($t->must(get_user => { userid => 'full_none' })->{api_key}, qr/^[0-9a-f]{40}$/, 'or a new one');
    my $seen = join ' ', sort map { $_->{repo_name} } @{ $t->must(get_repos => {}, key => $token{repo}) };
    is($seen, 'full/one', 'a token that is limited to a repository');
    my $login = sub {
        my ($name, $password) = @_;
        $t->secret($password);
        return $t->get('/full/one/info/refs?service=git-upload-pack', basic => "$name:$password")->status;
    };
    $t->must(grant_user_permission => { repoid => 'full/one', userid => "full_$_", perm => 'repository.read' })
        for qw(sha md5 long ann ldap);
    for (['ann', 'pw of full_ann'], ['sha', 'pw of sha'], ['md5', 'pw of md5'], ['long', 'x' x 80]) {
        my ($name, $password) = @$_;
        my $hash = sub { $t->sql("SELECT password FROM users WHERE username = 'full_$name'") };
        my $before = $hash->();
        unlike($before, qr/:[0-9a-f]{32}/, "$name: no bare digest is stored");
        is($login->("full_$name", "$password."), 401, 'a wrong password') if $name ne 'long';
        is($login->("full_$name", $password), 200, 'the right one');
        like($hash->(), qr/^\$2y\$/, 'its hash is renewed');
        is($login->("full_$name", $password), 200, 'and right again');
    }
    if (!RCAPI::Test::on_server()) {
        $t->sql("UPDATE users SET password = 'bcrypt:' || password WHERE username = 'full_ann'");
        $t->sql("CREATE TRIGGER no_renewal BEFORE UPDATE ON users BEGIN SELECT RAISE(FAIL, 'no'); END");
        is($login->('full_ann', 'pw of full_ann'), 200, 'a password is right when its hash cannot be renewed');
        like($t->sql("SELECT password FROM users WHERE username = 'full_ann'"), qr/^bcrypt:/, 'and stays as it was');
        $t->sql('DROP TRIGGER no_renewal');
    }
    is($login->('full_ldap', 'pw of full_ldap'), 401, 'a password that another server has');
};

subtest 'the rest of it' => sub {
    my $user = $t->must(get_user => { userid => 'full_ann' });
    is_deeply($user->{emails}, ['full_ann@example.org', 'ann.two@example.org'], 'addresses');
    is_deeply($user->{ip_addresses}, ['127.0.0.0/8', '10.1.2.3'], 'IP entries');
    is("$user->{firstname} $user->{lastname}", "First full_ann L\x{fffd}st", 'names, one of them not in UTF-8');
    my $repo = $t->must(get_repo => { repoid => 'full/uri' });
    is($repo->{clone_uri}, 'https://user:pa55word@example.org/x', 'clone_uri, with its password');
    unlike(rows_here(), qr/pa55word/, 'which is not stored in clear');
    is(join(':', @{ $repo->{landing_rev} }), 'rev:tip', 'landing_rev of an old version');
    is($repo->{last_changeset}{raw_id}, $tip, 'the last commit is known');
    $repo = $t->must(get_repo => { repoid => 'full/locked' });
    is("$repo->{fork_of} $repo->{locked_by}{username} $repo->{lock_reason}", 'full/one full_ann lock_web',
        'fork and lock');
    like($repo->{created_on}, qr/^2012-05-06T07:08:09/, 'the time of creation');
    $repo = $t->must(get_repo => { repoid => 'full/one' });
    is($repo->{ex_color}, 'v', 'a field');
    is_deeply([map { $_->{username} } @{ $repo->{followers} }], ['full_ann'], 'a follower');
    my ($told) = @{ $t->must(get_repo_comments => { repoid => 'full/one' }) };
    is($told->{comment_text}, "good\n'it' \\ is", 'a comment');
    is($told->{comment_status}[0]{status}, 'approved', 'with its status');
    my ($entry) = grep { $_->{action} eq 'push:abc' } @{ $t->must(get_user_audit_logs => { userid => 'full_ann' }) };
    is("$entry->{user_ip} $entry->{action_date}", '10.0.0.1 2013-02-03T04:05:06', 'the journal');
    my $gist = $t->must(get_gist => { gistid => 'GistOfAnn', content => JSON::PP::true() });
    is("$gist->{type} $gist->{description} $gist->{acl_level}", 'private G acl_private', 'a gist');
    ok(%{ $gist->{content} }, 'with files');
    is($t->sql("SELECT value FROM setting WHERE name = 'title'"), "Our code\n", 'a setting');
    like($t->admin('set'), qr/^default_repo_private=True\t/m, 'another one');
    like($t->admin('set'), qr{^svn_branch_patterns=/main /topics/\*\t}m, 'branches of Subversion');
    is($t->sql("SELECT count(*) FROM journal WHERE action = 'admin_imported:rhodecode'"), "6\n", 'each is recorded');
    my $problems = $t->try_admin('check');
    is("$problems->{exit} $problems->{out}", '0 ', 'check finds nothing') or diag $problems->{err};
};


subtest 'what a scan has found' => sub {
    my $former = RCAPI::Former->new('rhodecode 1.7', prefix => 'scan');
    put($root, keys %{ $former->{repositories} });
    $t->must('rescan_repos');
    is($t->must(get_repo => { repoid => 'scan/one' })->{description}, 'scan/one repository', 'it is here');
    my $from = $former->sqlite("$place/scan");
    my $r = import_from($former, $from);
    is(counts($r)->{$_}, { repositories => '3 0 0', 'repository groups' => '2 0 0' }->{$_}, "$_ are taken over")
        for 'repositories', 'repository groups';
    compare($former);
    is($t->must(get_repo => { repoid => 'scan/one' })->{description}, 'about scan/one', 'with what belongs to them');
    my $after = rows_here();
    $t->must(update_repo => { repoid => 'scan/one', description => 'changed here' });
    is(counts(import_from($former, $from))->{repositories}, '0 3 0', 'again');
    is($t->must(get_repo => { repoid => 'scan/one' })->{description}, 'changed here', 'what was changed here stays');
};

subtest 'what is no source' => sub {
    my $before = rows_here();
    my $text = sub { spew("$place/$_[0]", $_[1]); return "$place/$_[0]" };
    my $old = RCAPI::Former->new('rhodecode 1.2', prefix => 'old');
    my $new = RCAPI::Former->new('rhodecode 4.27', prefix => 'new');
    $old->{rows}{db_migrate_version}[0]{version} = 2;
    $new->{rows}{db_migrate_version}[0]{version} = 999;
    my $none = RCAPI::Former->new('rhodecode 1.7', prefix => 'none');
    $_->{username} = 'nodefault' for grep { $_->{username} eq 'default' } @{ $none->{rows}{users} };
    my $virtual = RCAPI::Former->new('rhodecode 1.7', prefix => 'virtual')->sqlite("$place/virtual");
    $t->run('sqlite3', $virtual, "ALTER TABLE users RENAME TO u;
        CREATE VIRTUAL TABLE users USING fts5(user_id, username);
        PRAGMA writable_schema = 1; UPDATE sqlite_schema SET sql = replace(sql, 'CREATE V', 'CREATE  V')");
    my $head = "CREATE TABLE `users` (`user_id` int, `username` text);\n";
    my $other = $text->('other', '');
    unlink $other;
    $t->run('sqlite3', $other, 'CREATE TABLE users (user_id, username)');
    for (
        [2, ['import'], qr/import requires rhodecode or kallithea/],
        [2, [qw(import gitlab --from x)], qr/import requires rhodecode or kallithea/],
        [2, [qw(import rhodecode)], qr/import requires --from DATABASE/],
        [2, [qw(import rhodecode --from x y)], qr/unexpected: y/],
        [1, [qw(import rhodecode --from), "$place/nowhere"], qr/nowhere does not exist/],
        [1, [qw(import rhodecode --from), $virtual], qr/is no database of RhodeCode or Kallithea/],
        [1, [qw(import rhodecode --from), $other], qr/is no database of RhodeCode or Kallithea/],
        [1, [qw(import rhodecode --from), $text->('empty', '')], qr/is no database of RhodeCode or Kallithea/],
        [1, [qw(import kallithea --from), "$place/scan"], qr/is a database of rhodecode/],
        [1, [qw(import rhodecode --from), $old->sqlite("$place/old")], qr/schema 2: the oldest that can come is 3/],
        [1, [qw(import rhodecode --from), $none->sqlite("$place/none")], qr/the source has no default user/],
        [1, [qw(import rhodecode --from), $text->('torn', substr slurp("$place/scan"), 0, 5000)],
            qr/malformed|not a database|disk image/],
        [1, [qw(import rhodecode --from), $text->('quote', "$head INSERT INTO `users` VALUES (1,'a")],
            qr{/quote: line 2 of the dump: a text does not end}],
        [1, [qw(import rhodecode --from), $text->('comment', "/* x")], qr/line 1 of the dump: a comment does not end/],
        [1, [qw(import rhodecode --from), $text->('row', "$head INSERT INTO `users` VALUES (1);")],
            qr/a row of users in the dump has 1 values/],
        [1, [qw(import rhodecode --from), $text->('twice', "$head$head")], qr/creates the table users twice/],
        [1, [qw(import rhodecode --from), $text->('prose', "INSERT INTO users, or not\n")],
            qr/line 1 of the dump: no statement of mysqldump/],
        [1, [qw(import rhodecode --from), $text->('large', "$head INSERT INTO users VALUES (1,'" . 'x' x (17 << 20))],
            qr/a value is larger than 16 MiB/],
        [1, [qw(import rhodecode --from), $text->('half', "-- MySQL dump 10.13\n$head")],
            qr/half is not complete: the line "-- Dump completed" is missing/],
        [1, [qw(import rhodecode --from), $text->('zip', "\x1f\x8b\x08\0x")],
            qr/zip is neither a database nor a dump of mysqldump/],
        [1, [qw(import rhodecode --from), "$place/scan", '--copy', "$place/nowhere"],
            qr/cannot read \S+nowhere.*: No such/],
        $pg ? [1, [qw(import rhodecode --from), $pg->database =~ s/dbname=\w+/dbname=nowhere/r],
            qr/"nowhere" does not exist/] : (),
    ) {
        my ($exit, $words, $message) = @$_;
        my $r = $t->try_admin(@$words);
        like("$r->{exit} $r->{err}", qr/^$exit .*$message/s, "refused: $message") or diag $r->{out};
    }
    is(rows_here(), $before, 'nothing has changed');
    my $r = import_from($new, $new->sqlite("$place/new"), '--dry-run');
    like($r->{out}, qr/^setting schema: 999 is newer than 113, the newest that was tried$/m, 'a newer schema');
};

subtest 'killed' => sub {
    my $former = RCAPI::Former->new('kallithea 0.7', prefix => 'dead');
    my $from = $former->sqlite("$place/dead");
    put("$place/graves", keys %{ $former->{repositories} });
    my @words = ($t->program('rcapi-admin'), $t->admin_place, 'import', 'kallithea', '--from', $from,
        '--copy', "$place/graves");
    my $before = rows_here();
    my $killed = 0;
    for my $round (1 .. rounds(8, 100)) {
        my $pid = fork // die;
        if (!$pid) {
            open STDOUT, '>', '/dev/null';
            open STDERR, '>', '/dev/null';
            $ENV{LD_PRELOAD} = { $t->cheap }->{LD_PRELOAD} // '';
            exec @words;
        }
        $round % 2 ? sleep rand 0.06 : await_change($root);
        kill KILL => $pid;
        waitpid $pid, 0;
        $killed++ if $? == 9;
        $t->admin('user', 'list'); # recovers
        my $now = rows_here();
        last if $now ne $before; # the commit was made
        ok(!-e "$root/dead", 'nothing has come');
    }
    my $r = $t->run(@words);
    is("$r->{exit} $r->{err}", '0 ', "and then, after $killed kills, everything");
    compare($former);
    ok(-d "$root/$_/objects", "$_ is there") for keys %{ $former->{repositories} };
    is($t->try_admin('check')->{exit}, 0, 'check finds nothing');
};


# What must hold: 1,000 users, 10,000 repositories and 100,000 permissions within a minute.
subtest 'a large one' => sub {
    plan skip_all => 'only with RCAPI_ROUNDS=all' if rounds(0, 1) == 0;
    my $former = RCAPI::Former->new('rhodecode 4.3', prefix => 'big', users => [map { "u$_" } 1 .. 1000],
        repos => [map { "r$_" } 1 .. 10_000], grants => 10);
    my $rows = map { @{ $former->{rows}{$_} } } qw(repo_to_perm users_group_repo_to_perm);
    cmp_ok($rows, '>', 100_000, "$rows permissions");
    my $from = $former->sqlite("$place/big");
    $t->run('rm', '-rf', "$tiny/hooks");
    spew("$place/names", join '', map { "$_\n" } keys %{ $former->{repositories} });
    $t->run({ timeout => 300 }, 'sh', '-c', "cd $root && mkdir -p big/deep && xargs -n1 cp -rl $tiny < $place/names");
    for my $about (['--dry-run'], [], []) {
        my $begin = time;
        my $r = $t->run({ timeout => 600 }, $t->program('rcapi-admin'), $t->admin_place, 'import', 'rhodecode',
            '--from', $from, @$about);
        my $took = time - $begin;
        is($r->{exit}, 0, "import @$about") or diag($r->{err});
        is(lines($r)->[0], undef, 'everything comes');
        cmp_ok($took, '<', 60 * RCAPI::Run::slow(), sprintf 'in %.1f s', $took);
    }
    for my $name (map { "big_u$_" } 1, 500, 999) {
        my $has = $t->must(get_user => { userid => $name })->{permissions}{repositories};
        my @bad = grep { $has->{$_} ne 'repository.' . $former->level($name, 'repositories', $_) }
            keys %{ $former->{repositories} };
        is("@bad", '', "$name on 10,000 repositories");
    }
};

$t->done;
done_testing;
