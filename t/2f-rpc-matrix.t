#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Who may call what: every method of the method table, as every kind of caller, held against one
# table. A refused call is answered with its exact text and changes nothing; a method that the table
# does not know fails the test. (Results and messages of each method: its own file.)
use strict;
use warnings;
use Fcntl qw(S_ISDIR);
use IO::Handle;
use POSIX ();
use Test::More;
use RCAPI::Run qw(slurp);
use RCAPI::Test;

my $t = RCAPI::Test->new(directives => "RcapiDatabaseSync NORMAL\n");
my $FORBIDDEN = 'Access was denied to this resource.';
my $NO_REPO = 'repository `{repoid}` does not exist';
my $NO_GROUP = 'repository group `{repogroupid}` does not exist';
my $NO_TEAM = 'user group `{usergroupid}` does not exist';
my $NO_GIST = 'gist `{gistid}` does not exist';
my $SELF = 'userid is not the same as your user';
my $NO_HOOK = 'webhook `{webhookid}` does not exist';
my $URL = 'http://127.0.0.1:1/';
my $PARENT = 'repository group `{place}` does not exist';

# Callers, from nothing to everything; and those whom no method serves.
my @ROLES = qw(stranger reader writer owner admin);
my %NOBODY = (inactive => 'Request from this user not allowed', expired => 'Invalid API KEY',
    feed => 'API KEY has bad role for an API call', unknown => 'Invalid API KEY');
my %rank = map { $ROLES[$_] => $_ } 0 .. $#ROLES;
my %id = map { $_ => $t->user($_)->{user_id} } qw(stranger reader writer owner inactive);

$t->must(update_user => { userid => 'inactive', active => 'false', admin => 'true' });
$t->key(expired => $t->token('owner', '--role', 'api', '--description', 'old'));
$t->key(feed => $t->token('admin', '--role', 'feed'));
$t->key(unknown => 'f' x 40);
$t->sql(q{
    UPDATE api_key SET expires = 1 WHERE description = 'old';
    UPDATE user_global_permission SET name = 'repository.none' WHERE name = 'repository.read';
    UPDATE user_global_permission SET name = 'group.none' WHERE name = 'group.read';
    UPDATE user_global_permission SET name = 'usergroup.none' WHERE name = 'usergroup.read';
    UPDATE user_global_permission SET name = 'hg.create.none' WHERE name = 'hg.create.repository';
});
$t->must(test => { args => 'x' }, as => $_) for @ROLES; # the first use of a key is recorded
my $source = "$t->{dir}/scratch/source";
RCAPI::Git::init($source);
$t->git($source, 'commit', '-q', '--allow-empty', '-m', $_) for qw(one two three);
$t->git($source, @$_) for [qw(checkout -q -b topic)], [qw(commit -q --allow-empty -m topic)], [qw(checkout -q master)];
my $TIP = $t->git($source, 'rev-parse', 'master') =~ s/\n//r;
$t->git($source, @$_) for [qw(repack -a -d -q)], [qw(pack-refs --all)];
my @files = map { substr $_, length "$source/.git/" } glob "$source/.git/{packed-refs,objects/pack/*}";
my $REPOS = "$t->{dir}/data/repos";

# --- objects: owned by owner, writer may write, reader may read; made anew once a call changed them

my (%now, %used, $made);

# The name of the present object of a kind.
sub it {
    my ($kind) = @_;
    $used{$kind} = 1;
    return $now{$kind} //= make($kind, "$kind-" . ++$made);
}

sub make {
    my ($kind, $name) = @_;
    if ($kind eq 'repo') {
        $t->must(create_repo => { repo_name => $name, repo_type => 'git', owner => 'owner' });
        -d "$REPOS/$name/objects/pack" or mkdir "$REPOS/$name/objects/pack" or die $!;
        link "$source/.git/$_", "$REPOS/$name/$_" or die "$_: $!" for @files;
        $t->must(invalidate_cache => { repoid => $name });
        rows('user_repo_permission', 'repo', 'repo_id', 'repo_name', $name);
    } elsif ($kind eq 'group') {
        $t->must(create_repo_group => { group_name => $name, owner => 'owner' });
        rows('user_repo_group_permission', 'repo_group', 'group_id', 'group_name', $name);
    } elsif ($kind eq 'team' || $kind eq 'others') {
        $t->must(create_user_group => { group_name => $name, owner => 'owner' });
        rows('user_user_group_permission', 'user_group', 'users_group_id', 'group_name', $name);
    } elsif ($kind eq 'pull') {
        my $repo = it('repo');
        return $t->must(create_pull_request => { source_repo => $repo, target_repo => $repo, title => 'T',
            source_ref => 'branch:topic', target_ref => 'branch:master' }, as => 'owner')->{pull_request_id};
    } elsif ($kind eq 'hook') {
        return $t->must(create_webhook => { url => $URL, repoid => it('repo') }, as => 'owner')->{webhook}{webhook_id};
    } elsif ($kind eq 'delivery') {
        my $id = $t->must(test_webhook => { webhookid => it('hook') })->{delivery};
        $t->sql("UPDATE webhook_delivery SET due = 9000000000000000 WHERE delivery_id = $id"); # it is sent now
        return $id;
    } elsif ($kind eq 'task') {
        $t->sql("INSERT INTO task (name, user_id, ip, method, state, due, created_on)
            VALUES ('$name', $id{owner}, '::1', 'pull', 'done', 1, 1)");
    } elsif ($kind eq 'victim') {
        $t->user($name);
    } elsif ($kind eq 'gist') {
        return $t->must(create_gist => { owner => 'owner', gist_type => 'private',
            files => { a => { content => 'x' } } })->{gist}{access_id};
    }
    return $name;
}

# Writer's and reader's rows on an object.
sub rows {
    my ($table, $of, $key, $column, $name) = @_;
    $t->sql("INSERT INTO $table ($key, user_id, level) SELECT $key, $id{writer}, 3 FROM $of WHERE $column = '$name'
             UNION ALL SELECT $key, $id{reader}, 1 FROM $of WHERE $column = '$name'");
}

# Before a right is taken away or somebody is taken out, it is given or he is put in.
sub first {
    my ($method, %args) = @_;
    $t->must($method => \%args);
    return;
}

# --- the table: method, the least who may, arguments, what the others are told; more: reads => 1 (it
# changes nothing), files => 1 (it may change files alone), dialect. A text for all, or by role, '*' for
# the rest; {x} is the argument x.

my @repo = (sub { (repoid => it('repo')) }, $NO_REPO);
my @read = (@repo, reads => 1);
my $new = sub { 'new-' . ++$made };

# Arguments, and more of them.
sub call_code { return map { ref eq 'CODE' ? $_->() : $_ } @_ }
sub repo_and { my (@more) = @_; return sub { (repoid => it('repo'), call_code(@more)) } }
sub pull_id { my ($name, @more) = @_; return sub { ($name => it('pull'), @more) } }
sub group_and { my (@more) = @_; return sub { (repogroupid => it('group'), call_code(@more)) } }
sub team_and { my (@more) = @_; return sub { (usergroupid => it('team'), call_code(@more)) } }
sub pull_and { my (@more) = @_; return repo_and(pullrequestid => sub { it('pull') }, @more) }
my @victim = (userid => sub { it('victim') });
my @team = (usergroupid => sub { it('team') });
my @others = (sourceusergroupid => sub { it('others') });
my $to_team = { stranger => $NO_TEAM, '*' => "to $NO_TEAM" };
my $below = { stranger => $NO_REPO, '*' => $PARENT };

# Pairs of a grant and its revoke: the revoke comes after a grant.
sub pair {
    my ($grant, $revoke, $args, $perm, $refused) = @_;
    return (
        [$grant, 'owner', sub { ($args->(), perm => $perm) }, $refused],
        [$revoke, 'owner', sub { my %a = $args->(); first($grant, %a, perm => $perm); %a }, $refused],
    );
}

sub from_source {
    first(update_repo => repoid => it('repo'), clone_uri => "file://$source");
    return it('repo');
}

# A new token of another user.
sub one_token {
    my %a = (userid => it('victim'));
    return (%a, auth_token_id => $t->must(create_auth_token => \%a)->{auth_token}{auth_token_id});
}

sub members {
    my ($add, $remove) = @_;
    my $args = team_and(@victim);
    return ([$add, 'owner', $args, $NO_TEAM], [$remove, 'owner', sub {
        my %a = $args->();
        first($add, %a);
        %a
    }, $NO_TEAM]);
}

my @TABLE = (
    [test => 'stranger', sub { (args => 'x') }, '', reads => 1],
    [get_method => 'stranger', sub { () }, '', reads => 1],
    [get_server_info => 'admin', sub { () }, $FORBIDDEN, reads => 1],
    [get_ip => 'admin', sub { () }, $FORBIDDEN, reads => 1],
    [show_ip => 'admin', sub { (userid => $id{owner}) }, $FORBIDDEN, reads => 1],
    [rescan_repos => 'admin', sub {
        $t->git('.', 'init', '-q', '--bare', "$REPOS/" . $new->());
        ()
    }, $FORBIDDEN],
    [get_user => 'stranger', sub { () }, '', reads => 1],
    [get_user => 'admin', sub { (userid => 'owner') }, $SELF, reads => 1],
    [get_user => 'admin', sub { (userid => 'nobody at all') }, $SELF, reads => 1,
        error => 'user `{userid}` does not exist'],
    [get_users => 'admin', sub { () }, $FORBIDDEN, reads => 1],
    [create_user => 'admin', sub { my $n = $new->(); (username => $n, email => "$n\@example.org") }, $FORBIDDEN],
    [update_user => 'admin', sub { (userid => it('victim'), firstname => 'Other') }, $FORBIDDEN],
    [delete_user => 'admin', sub { (userid => it('victim')) }, $FORBIDDEN],

    [get_auth_tokens => 'stranger', sub { () }, '', reads => 1],
    [get_auth_tokens => 'admin', sub { (userid => 'owner') }, $SELF, reads => 1],
    [create_auth_token => 'stranger', sub { () }, ''],
    [create_auth_token => 'admin', sub { (userid => it('victim')) }, $SELF],
    [delete_auth_token => 'admin', sub { one_token() }, $SELF],
    [reset_auth_token => 'admin', sub { one_token() }, $SELF],

    [get_user_group => 'reader', team_and(), $NO_TEAM, reads => 1],
    [get_user_groups => 'stranger', sub { () }, '', reads => 1],
    [create_user_group => 'admin', sub { (group_name => $new->()) }, $FORBIDDEN],
    [update_user_group => 'owner', team_and(description => 'other'), $NO_TEAM],
    [delete_user_group => 'owner', team_and(), $NO_TEAM],
    members(qw(add_user_to_user_group remove_user_from_user_group)),
    pair(qw(grant_user_permission_to_user_group revoke_user_permission_from_user_group), team_and(@victim),
        'usergroup.read', $NO_TEAM),
    pair(qw(grant_user_group_permission_to_user_group revoke_user_group_permission_from_user_group), team_and(@others),
        'usergroup.read', $to_team),

    [get_repo => 'reader', @read],
    [get_repo => 'reader', repo_and(cache => 'false'), $NO_REPO],
    [get_repos => 'stranger', sub { () }, '', reads => 1],
    [search => 'stranger', sub { (search_query => 'a', search_type => 'repository') }, '', reads => 1],
    [create_repo => 'admin', sub { (repo_name => $new->(), repo_type => 'git') }, $FORBIDDEN],
    [create_repo => 'owner', sub { (repo_name => it('group') . '/new', repo_type => 'git', place => it('group')) },
        $PARENT],
    [create_repo => 'admin', sub { (repo_name => it('group') . '/new', repo_type => 'git', owner => 'writer',
        place => it('group')) },
        { owner => 'Only RhodeCode admin can specify `owner` param', '*' => $PARENT }],
    [update_repo => 'owner', repo_and(description => 'other'), $NO_REPO],
    [delete_repo => 'owner', @repo],
    [fork_repo => 'owner', sub { (repoid => it('repo'), fork_name => it('group') . '/fork', place => it('group')) },
        $below],
    [pull => 'owner', sub { (repoid => from_source()) }, $NO_REPO],
    [pull => 'owner', sub { (repo => from_source()) }, { stranger => 'Unknown repo "{repo}"', '*' => $FORBIDDEN },
        dialect => '1.2'],
    [strip => 'owner', repo_and(revision => $TIP, branch => 'master'), $NO_REPO],
    [invalidate_cache => 'writer', @repo],
    [maintenance => 'owner', @repo, files => 1],
    [add_field_to_repo => 'owner', repo_and(key => $new), $NO_REPO],
    [remove_field_from_repo => 'owner', sub {
        my %a = (repoid => it('repo'), key => $new->());
        first(add_field_to_repo => %a);
        %a
    }, $NO_REPO],

    [get_repo_settings => 'owner', repo_and(key => 'x'), $FORBIDDEN, reads => 1],
    [set_repo_settings => 'owner', repo_and(settings => { x => 1 }), $FORBIDDEN],

    [get_repo_changeset => 'reader', repo_and(revision => 'tip'), $NO_REPO, reads => 1],
    [get_repo_changesets => 'reader', repo_and(start_rev => '', limit => 2), $NO_REPO, reads => 1],
    [get_repo_nodes => 'reader', repo_and(revision => 'tip', root_path => '/'), $NO_REPO, reads => 1],
    [get_repo_file => 'reader', repo_and(commit_id => 'tip', file_path => 'x'), $NO_REPO, reads => 1,
        error => 'There is no file in repo: `{repoid}` at path `x` for commit: `tip`'],
    [get_changesets => 'reader', @read],
    [get_changeset => 'reader', repo_and(raw_id => 'tip', with_reviews => 'true'), $NO_REPO, reads => 1],
    [get_repo_refs => 'reader', @read],
    [comment_commit => 'reader', repo_and(commit_id => 'tip', message => 'm'), $NO_REPO],
    [comment_commit => 'owner', repo_and(commit_id => 'tip', message => 'm', userid => $id{stranger}),
        { stranger => $NO_REPO, '*' => $SELF }],
    [changeset_comment => 'owner', repo_and(revision => 'tip', message => 'm', status => 'approved'), $NO_REPO],

    [create_pull_request => 'reader', sub { my $repo = it('repo'); (source_repo => $repo, target_repo => $repo,
        title => 'T', source_ref => 'branch:topic', target_ref => 'branch:master') },
        'repository `{source_repo}` does not exist'],
    [get_pull_request => 'reader', pull_and(merge_state => 'false'), $NO_REPO, reads => 1],
    [get_pull_requests => 'reader', repo_and(merge_state => 'false'), $NO_REPO, reads => 1],
    [get_pull_request_comments => 'reader', pull_and(), $NO_REPO, reads => 1],
    [comment_pull_request => 'reader', pull_and(message => 'm'), $NO_REPO],
    [comment_pull_request => 'owner', pull_and(message => 'm', userid => 'admin'),
        { stranger => $NO_REPO, '*' => $SELF }],
    [update_pull_request => 'writer', pull_and(title => 'other'), { stranger => $NO_REPO,
        '*' => 'pull request `{pullrequestid}` update failed, no permission to update.' }],
    [close_pull_request => 'writer', pull_and(), { stranger => $NO_REPO,
        '*' => 'pull request `{pullrequestid}` close failed, no permission to close.' }],
    [merge_pull_request => 'writer', pull_and(), $NO_REPO],

    [get_repo_comments => 'reader', @read],
    [get_pullrequest => 'reader', pull_id('pullrequest_id'), 'pull request `{pullrequest_id}` does not exist',
        reads => 1],
    [comment_pullrequest => 'reader', pull_id('pull_request_id', comment_msg => 'm'),
        'pull request `{pull_request_id}` does not exist'],
    [comment_pullrequest => 'writer', pull_id('pull_request_id', close_pr => 'true'),
        { stranger => 'pull request `{pull_request_id}` does not exist',
            '*' => 'No permission to close pull request. User needs to be admin or owner.' }],
    [edit_reviewers => 'writer', pull_id('pull_request_id', remove => 'admin'),
        { stranger => 'pull request `{pull_request_id}` does not exist',
            '*' => 'No permission to edit reviewers of this pull request. User needs to be admin or pull request '
                . 'owner.' }],
    [get_user_audit_logs => 'stranger', sub { () }, '', reads => 1],
    [get_user_audit_logs => 'admin', sub { (userid => 'owner', limit => 3) }, $SELF, reads => 1],
    [get_audit_logs => 'admin', sub { (query => 'x', after_id => 1) }, $FORBIDDEN, reads => 1],

    [create_webhook => 'owner', repo_and(url => $URL), $NO_REPO],
    [create_webhook => 'owner', group_and(url => $URL), $NO_GROUP],
    [create_webhook => 'admin', sub { (url => $URL) }, $FORBIDDEN],
    [update_webhook => 'owner', sub { (webhookid => it('hook'), active => 'false') }, $NO_HOOK],
    [delete_webhook => 'owner', sub { (webhookid => it('hook')) }, $NO_HOOK],
    [get_webhooks => 'stranger', sub { () }, '', reads => 1],
    [get_webhooks => 'owner', @read],
    [get_webhook_deliveries => 'owner', sub { (webhookid => it('hook')) }, $NO_HOOK, reads => 1],
    [test_webhook => 'owner', sub { (webhookid => it('hook')) }, $NO_HOOK],
    [redeliver_webhook => 'owner', sub { (deliveryid => it('delivery')) }, 'delivery `{deliveryid}` does not exist'],

    [get_task => 'owner', sub { (task => it('task')) }, 'task `{task}` does not exist', reads => 1],

    [lock => 'writer', @read],
    [lock => 'writer', repo_and(locked => 'true'), $NO_REPO],
    [lock => 'admin', repo_and(locked => 'true', userid => 'reader'),
        { reader => $NO_REPO, stranger => $NO_REPO, '*' => $SELF }],
    (map { ([$_ => 'stranger', sub { () }, '', reads => 1], [$_ => 'admin', sub { (userid => 'nobody at all') }, $SELF,
        reads => 1, error => 'user `{userid}` does not exist']) } qw(get_locks get_user_locks)),

    pair(qw(grant_user_permission revoke_user_permission), repo_and(@victim), 'repository.read', $NO_REPO),
    pair(qw(grant_user_group_permission revoke_user_group_permission), repo_and(@team), 'repository.read', $NO_REPO),

    [get_repo_group => 'reader', group_and(), $NO_GROUP, reads => 1],
    [get_repo_groups => 'stranger', sub { () }, '', reads => 1],
    [create_repo_group => 'admin', sub { (group_name => $new->()) }, $FORBIDDEN],
    [create_repo_group => 'owner', sub { (group_name => it('group') . '/sub', place => it('group')) },
        { stranger => $PARENT, '*' => $FORBIDDEN }],
    [update_repo_group => 'owner', group_and(description => 'other'), $NO_GROUP],
    [update_repo_group => 'owner', sub {
        my $n = $new->();
        (repogroupid => it('group'), group_name => $n)
    }, $NO_GROUP],
    [delete_repo_group => 'owner', group_and(), $NO_GROUP],
    pair(qw(grant_user_permission_to_repo_group revoke_user_permission_from_repo_group), group_and(@victim),
        'group.read', $NO_GROUP),
    pair(qw(grant_user_group_permission_to_repo_group revoke_user_group_permission_from_repo_group), group_and(@team),
        'group.read', $NO_GROUP),

    [get_gist => 'owner', sub { (gistid => it('gist'), content => 'true') }, $NO_GIST, reads => 1],
    [get_gists => 'stranger', sub { () }, '', reads => 1],
    [get_gists => 'admin', sub { (userid => 'owner') }, $SELF, reads => 1],
    [create_gist => 'stranger', sub { (files => { a => { content => 'x' } }) }, ''],
    [create_gist => 'admin', sub { (files => { a => { content => 'x' } }, owner => 'victim') },
        'failed to create gist', error => 'failed to create gist', reads => 1],
    [delete_gist => 'owner', sub { (gistid => it('gist')) }, $NO_GIST],

    [create_users_group => 'admin', sub { (group_name => $new->()) }, $FORBIDDEN],
    [create_users_group => 'admin', sub { (name => $new->()) }, $FORBIDDEN, dialect => '1.2'],
    [create_user => 'admin', sub {
        my $n = $new->();
        (username => $n, email => "$n\@example.org")
    }, $FORBIDDEN, dialect => '1.2'],
    [create_user => 'admin', sub { (name => $new->()) }, $FORBIDDEN, dialect => '1.2'],
    [get_users_group => 'reader', sub { (usersgroupid => it('team')) }, 'user group `{usersgroupid}` does not exist',
        reads => 1],
    [get_users_groups => 'stranger', sub { () }, '', reads => 1],
    members(qw(add_user_to_users_group remove_user_from_users_group)),
    pair(qw(grant_users_group_permission revoke_users_group_permission), repo_and(@team), 'repository.read', $NO_REPO),
);

# --- the matrix

# All rows. One sqlite3 prints those of a file again and again, each time to the end of a pipe, when another connection
# has changed any since.
my $pipe = "$t->{dir}/scratch/rows";
POSIX::mkfifo($pipe, 0600) or die "$pipe: $!";
open my $sqlite, '|-', 'sqlite3', '-cmd', '.timeout 5000', RCAPI::Test::on_server() ? () : $t->database
    or die "sqlite3: $!";
$sqlite->autoflush(1);
sub sqlite {
    my ($command) = @_;
    print $sqlite ".output $pipe\n$command\n.output\n";
    alarm 600; # nobody may be there to write
    my $text = slurp($pipe);
    alarm 0;
    return $text;
}

my ($version, $rows) = ('', '');
sub all_rows {
    return $t->dump if RCAPI::Test::on_server();
    my $now = sqlite('PRAGMA data_version;');
    die $now if $now !~ /^\d+\n\z/;
    return $rows if $now eq $version;
    $version = $now;
    $rows = sqlite('.dump');
    die $rows if $rows !~ /^COMMIT;\n\z/m;
    return $rows;
}

# The files below a folder, but those of repositories that no call names any more, and what is cached of a history.
my %over;
sub all_files {
    my ($dir) = @_;
    my $text = '';
    opendir my $open, $dir or die "$dir: $!";
    for my $name (sort readdir $open) {
        my $path = "$dir/$name";
        my ($device, $inode, $mode, $size, $changed) = (lstat $path)[0, 1, 2, 7, 9];
        if (!S_ISDIR($mode)) {
            $text .= "$path $size $changed\n";
        } elsif ($name !~ /^(?:\.\.?|rcapi)\z/) {
            $text .= "$path\n";
            $text .= all_files($path) if !$over{$path};
        }
    }
    return $text;
}

# Everything that a call may change.
sub snapshot { all_rows() . all_files($REPOS) }

# What differs: lines of one and not of the other.
sub change {
    my ($before, $after) = @_;
    return '' if $before eq $after;
    my %before = map { $_ => 1 } split /\n/, $before;
    my %after = map { $_ => 1 } split /\n/, $after;
    return join "\n", (map { "- $_" } grep { !$after{$_} } sort keys %before), map { "+ $_" } grep { !$before{$_} }
        sort keys %after;
}

sub text {
    my ($text, $args) = @_;
    return $text =~ s/\{(\w+)\}/$args->{$1}/gr;
}

sub refused {
    my ($refused, $role) = @_;
    return ref $refused ? $refused->{$role} // $refused->{'*'} : $refused;
}

my @all = @{ $t->must('get_method') };
my %takes = map { $_ => $t->must(get_method => { pattern => $_ })->[1] } @all;
my %alias = map { $_ => 1 } qw(repo usersgroupid place); # place: only for texts of this test
my %seen;

for my $row (@TABLE) {
    my ($method, $least, $make, $refused, %opt) = @$row;
    my %dialect = $opt{dialect} ? (dialect => $opt{dialect}) : ();
    my @may = grep { $rank{$_} >= $rank{$least} } @ROLES;
    my @may_not = grep { $rank{$_} < $rank{$least} } @ROLES;
    $seen{$method}++;
    subtest join(' ', $method, $opt{dialect} // (), "($least)") => sub {
        my %args = $make->();
        is_deeply [grep { !exists $takes{$method}{$_} && !$alias{$_} } sort keys %args], [], 'its arguments'
            if !$opt{dialect};
        my $before = snapshot();
        for my $role (@may_not) {
            is $t->call($method => \%args, as => $role, %dialect)->{error}, text(refused($refused, $role), \%args),
                "$role is refused";
        }
        for my $nobody (sort keys %NOBODY) {
            my $a = $t->call($method => \%args, as => $nobody, %dialect);
            is_deeply $a, { result => undef, error => $NOBODY{$nobody}, $opt{dialect} ? () : (id => 1) },
                "$nobody is refused";
        }
        is change($before, snapshot()), '', 'refused calls change nothing' if !$opt{reads};
        my $state = $opt{files} ? \&snapshot : \&all_rows;
        for my $role (@may) {
            %args = $make->() if $role ne $may[0];
            my $then = $opt{reads} ? '' : $state->();
            my $a = $t->call($method => \%args, as => $role, %dialect);
            is $a->{error}, $opt{error} ? text($opt{error}, \%args) : undef, "$role may";
            next if $opt{reads};
            ok $then ne $state->(), 'it does something';
            $over{"$REPOS/$_"} = 1 for delete @now{keys %used};
        }
        is change($before, snapshot()), '', 'refused calls change nothing, and it only reads' if $opt{reads};
        %used = ();
    };
}

# --- the table is whole

is_deeply [grep { !$seen{$_} } @all], [], 'every method is in the table';
is_deeply [grep { my $m = $_; !grep { $_ eq $m } @all } sort keys %seen], [], 'and none else';

subtest 'missing arguments come before rights' => sub {
    for my $method (@all) {
        my @required = sort grep { $takes{$method}{$_} eq '<RequiredType>' } keys %{ $takes{$method} };
        for my $without (@required) {
            my %args = map { $_ => 'x' } grep { $_ ne $without } @required;
            for my $role (qw(admin stranger)) {
                is $t->call($method => \%args, as => $role)->{error},
                    "Missing non optional `$without` arg in JSON DATA", "$method without $without: $role";
            }
        }
    }
};

my $check = $t->try_admin('check');
is "$check->{exit} $check->{out}$check->{err}", "0 ", 'database and disk agree';
$t->done;
done_testing;
