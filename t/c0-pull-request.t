#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Pull requests by the API (contract 09): what they show, each refusal with its text, votes, comments,
# new versions, merges; what is kept when a source, a user or a branch goes.
use strict;
use warnings;
use List::Util qw(max);
use POSIX ();
use Test::More;
use Time::HiRes ();
use RCAPI::Processes;
use RCAPI::Run qw(rounds);
use RCAPI::Test;

my $t = RCAPI::Test->new;
my %id = map { $_ => $t->user($_)->{user_id} } qw(ann bob eve own rev);
my ($true, $false) = (JSON::PP::true, JSON::PP::false);
my $DATE = qr/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/;
my $FORBIDDEN = 'Access was denied to this resource.';
my %message = (
    0 => 'This pull request can be automatically merged.',
    2 => 'This pull request cannot be merged because of conflicts.',
    7 => 'This pull request cannot be merged because the target repository is locked.',
    8 => 'This pull request cannot be merged because the target or the source reference is missing.',
    closed => 'This pull request is closed.',
);

# The target, its fork, and a work tree that pushes to both.
my $target = $t->repo('team/code', commits => 3, args => { owner => 'own' });
$t->must(fork_repo => { repoid => 'team/code', fork_name => 'ann/code', owner => 'ann' });
my $work = $target->{work};
my $ROOT = "$t->{dir}/data/repos";
my $fork = "$ROOT/ann/code";

sub git { return $t->git(@_) =~ s/\n\z//r }

# A commit on a branch of the fork that writes files; returns its id.
sub commit {
    my ($branch, $from, %files) = @_;
    git($work, 'checkout', '-q', '-B', $branch, $from);
    for (sort keys %files) {
        open my $file, '>', "$work/$_" or die;
        print $file $files{$_};
        close $file;
    }
    git($work, 'add', '-A');
    git($work, 'commit', '-q', '-m', "on $branch");
    return git($work, 'rev-parse', 'HEAD');
}
sub push_to { my ($path, @refs) = @_; git($work, 'push', '-q', '-f', $path, @refs); return }

my %offer = (source_repo => 'ann/code', target_repo => 'team/code', target_ref => 'branch:master');
sub create {
    my ($branch, %args) = @_;
    my %as = map { $_ => delete $args{$_} } grep { exists $args{$_} } 'as';
    my $r = $t->call(create_pull_request => { %offer, source_ref => "branch:$branch", title => "T $branch", %args },
        as => 'ann', %as);
    return $r->{result} ? $r->{result}{pull_request_id} : diag($r->{error});
}
sub get { return $t->must(get_pull_request => { repoid => 'team/code', pullrequestid => $_[0] }) }
sub ask {
    my ($method, $as, %args) = @_;
    return $t->call($method => { repoid => 'team/code', %args }, as => $as);
}
sub refused {
    my ($method, $as, $error, $name, %args) = @_;
    is ask($method, $as, %args)->{error}, $error, $name;
}

$t->repo('other', empty => 1);
my $base = git($work, 'rev-parse', 'master');
my $one = commit('one', 'master', first => "1\n");
my $two = commit('one', 'one', second => "2\n");
push_to($fork, 'one');

subtest 'create_pull_request' => sub {
    my %args = (%offer, source_ref => 'branch:one', title => 'First', description => "Why\n");
    my $call = sub { $t->call(create_pull_request => { %args, @_ }, as => 'ann')->{error} };
    is $call->(source_repo => 'no'), 'repository `no` does not exist', 'no source';
    is $call->(target_repo => 'no'), 'repository `no` does not exist', 'no target';
    is $call->(source_ref => $_), "Ref `$_` given in a wrong format. Please check the API documentation for more"
        . ' details', "form: $_" for 'one', 'branch:a:b:c', '';
    is $call->(target_ref => 'x'), 'Ref `x` given in a wrong format. Please check the API documentation for more'
        . ' details', 'the form of the target';
    is $call->(source_ref => "$_:one"), "The specified $_ `one` does not exist", "type $_"
        for qw(ancestor bookmark tag);
    is $call->(source_ref => "ancestor:one:$one"), 'The specified ancestor `one` does not exist', 'a type, with an id';
    is $call->(source_ref => $_), 'The specified branch `none` does not exist', "no such branch: $_"
        for 'branch:none', "branch:none:$one";
    my $zero = '0' x 40;
    is $call->(source_ref => "branch:one:$_"), "Ref `branch:one:$_` does not exist", "no commit $_"
        for $zero, substr($one, 0, 12);
    is $call->(source_ref => 'branch:master'), 'no commits found', 'nothing new';
    git($work, 'checkout', '-q', '--orphan', 'alone');
    git($work, 'commit', '-q', '-m', 'alone');
    push_to($fork, 'alone');
    is $call->(source_ref => 'branch:alone'), 'no common ancestor found', 'another history';
    is $call->(reviewers => 'bob'), 'reviewers should be specified as a list', 'reviewers';
    is $call->(reviewers => ['bob', 'nobody']), 'user `nobody` does not exist', 'a reviewer';
    is $call->(reviewers => ['default']), 'user `default` does not exist', 'a reviewer who has no login';
    is $call->(owner => 'bob'), 'Only RhodeCode super-admin can specify `owner` param', 'for another author';
    is $call->(title => 'x' x 70_000), 'failed to create pull request', 'a title that is too long';
    is $t->sql('SELECT count(*) FROM pull_request'), "0\n", 'none of them';
    is git("$ROOT/team/code", qw(for-each-ref refs/rc)), '', 'the target keeps nothing of them';

    my $r = $t->call(create_pull_request => { %args, reviewers => ['bob', $id{rev}, 'bob'] }, as => 'ann');
    is_deeply $r, { id => 1, error => undef,
        result => { msg => 'Created new pull request `First`', pull_request_id => 1 } }, 'created';
    my $pull = get(1);
    like $pull->{$_}, $DATE, $_ for qw(created_on updated_on);
    delete @$pull{qw(created_on updated_on)};
    my $side = sub {
        my ($repo, $name, $commit) = @_;
        return { clone_url => $t->url . "/$repo", repository => $repo,
            reference => { name => $name, type => 'branch', commit_id => $commit } };
    };
    my $person = sub {
        return { user_id => $id{ $_[0] }, username => $_[0], firstname => '', lastname => '',
            email => "$_[0]\@example.org", emails => ["$_[0]\@example.org"] };
    };
    is_deeply $pull, {
        pull_request_id => 1, url => $t->url . '/team/code/pull-request/1', title => 'First',
        description => "Why\n", status => 'new', commit_ids => [$two, $one], review_status => 'under_review',
        mergeable => { status => $true, message => $message{0} },
        source => $side->('ann/code', 'one', $two), target => $side->('team/code', 'master', $base),
        author => $person->('ann'),
        reviewers => [map { { user => $person->($_), review_status => 'not_reviewed', reasons => [] } } qw(bob rev)],
        state => 'created', versions => 0, merge => { clone_url => $t->url . '/team/code', reference => undef },
    }, 'get_pull_request';
    is $t->sql("SELECT r.repo_name || ' ' || s.status FROM changeset_status s
        JOIN repo r USING (repo_id) WHERE s.revision = '$one' ORDER BY 1"),
        "ann/code under_review\nteam/code under_review\n", 'statuses of the commits';
    is git("$ROOT/team/code", qw(for-each-ref --format=%(refname) refs/rc)), "refs/rc/pull/$two/head",
        'the target keeps the commits';
    unlike $t->run('git', 'ls-remote', $t->url . '/team/code')->{out}, qr/rc/, 'clients do not see that';
};

subtest 'get_pull_request, and what all have in common' => sub {
    for my $method (qw(get_pull_request update_pull_request close_pull_request comment_pull_request
        merge_pull_request)) {
        is $t->call($method => { repoid => 'no', pullrequestid => 1 })->{error}, 'repository `no` does not exist',
            "$method: no repository";
        refused($method, 'own', 'pullrequestid must be an integer', "$method: $_", pullrequestid => $_) for 'x', '1.5';
        refused($method, 'own', "pull request `$_` does not exist", "$method: $_", pullrequestid => $_) for 99, '98';
        is $t->call($method => { repoid => 'other', pullrequestid => 1 })->{error},
            'pull request `1` does not exist', "$method: of another repository";
    }
    for my $method (qw(close_pull_request comment_pull_request merge_pull_request)) {
        refused($method, 'eve', 'userid is not the same as your user', "$method: $_", pullrequestid => 99,
            userid => $_)
            for 'bob', 'nobody';
        refused($method, 'own', 'user `nobody` does not exist', "$method: no user", pullrequestid => 99,
            userid => 'nobody');
        is $t->call($method => { repoid => 'ann/code', pullrequestid => 1, userid => 'own' }, as => 'ann')->{error},
            'userid is not the same as your user', "$method: who administers the source only";
    }
    my $number = $t->must(get_repo => { repoid => 'team/code' })->{repo_id};
    is $t->must(get_pull_request => { repoid => $number, pullrequestid => '1' })->{title}, 'First', 'ids';
    is $t->must(get_pull_request => { repoid => 'ann/code', pullrequestid => 1 })->{title}, 'First', 'by the source';
    is $t->must(get_pull_request => { pullrequestid => 1 })->{title}, 'First', 'without a repository';
    is_deeply $t->must(get_pull_request => { pullrequestid => 1, merge_state => 'false' })->{mergeable},
        { status => $false, message => 'not_available' }, 'without a verdict';
};

subtest 'get_pull_requests' => sub {
    is create('one', title => ''), 2, 'one more';
    my $list = sub { [map { $_->{pull_request_id} } @{ $t->must(get_pull_requests => { repoid => 'team/code',
        @_ }) }] };
    is_deeply $list->(), [2, 1], 'the newest first';
    is_deeply $list->(status => $_->[0]), $_->[1], "status $_->[0]" for ['new', [2, 1]], ['open', [2, 1]],
        ['closed', []], ['x', []];
    is_deeply $list->(limit => 1), [2], 'limit';
    is_deeply $list->(after => 2), [1], 'after';
    is_deeply $t->must(get_pull_requests => { repoid => 'ann/code' }), [], 'only those of a target';
    my ($pull) = @{ $t->must(get_pull_requests => { repoid => 'team/code' }) };
    is_deeply $pull, get(2), 'the same as get_pull_request';
    is $pull->{title}, 'ann/code#one to team/code', 'a title that was made';
};

subtest 'votes and comments' => sub {
    my $say = sub { my ($as, %args) = @_; ask('comment_pull_request', $as, pullrequestid => 1, %args) };
    is $say->('bob')->{error}, 'message and status parameter missing', 'nothing said';
    is $say->('bob', status => 'fine')->{error}, 'unknown comment status`fine`', 'a status';
    is_deeply $say->('eve', status => 'approved'), { id => 1, result => undef, error => $FORBIDDEN },
        'a vote of somebody';
    my $first = $t->sql('SELECT max(comment_id) + 1 FROM changeset_comment') + 0;
    is_deeply $say->('eve', message => 'hm', status => 'rejected')->{result},
        { pull_request_id => 1, comment_id => $first, status => 'rejected' }, 'only words';
    is get(1)->{review_status}, 'under_review', 'they do not count';
    is_deeply $say->('bob', status => 'approved')->{result},
        { pull_request_id => 1, comment_id => $first + 1, status => 'approved' }, 'a vote';
    is get(1)->{review_status}, 'under_review', 'one of two';
    is_deeply [map { $_->{review_status} } @{ get(1)->{reviewers} }], [qw(approved not_reviewed)], 'of reviewers';
    $say->('own', status => 'approved', message => 'as rev', userid => 'rev');
    is get(1)->{review_status}, 'approved', 'both, one by an administrator';
    is $t->sql("SELECT DISTINCT s.status || ' ' || u.username FROM changeset_status s JOIN users u USING (user_id)
        WHERE s.revision IN ('$one', '$two') AND s.status_id IN (SELECT max(x.status_id) FROM changeset_status x
            GROUP BY x.repo_id, x.revision)"), "approved rev\n", 'of the commits, too';
    $say->($_, status => 'rejected') for qw(bob rev);
    is get(1)->{review_status}, 'rejected', 'both against it';
    $say->('rev', status => 'under_review');
    is get(1)->{review_status}, 'under_review', 'not of one mind';
    is $t->sql("SELECT u.username || ' ' || count(*) FROM changeset_status s JOIN users u USING (user_id)
        JOIN repo r USING (repo_id) WHERE s.revision = '$one' AND r.repo_name = 'team/code'
        GROUP BY u.username ORDER BY u.username"),
        "ann 1\nbob 1\nrev 1\n", 'statuses of a commit do not grow with votes';

    is_deeply $say->('rev', message => 'do', comment_type => 'todo', f_path => 'first', line_no => 'n1',
        commit_id => $one)->{result}{status}, undef, 'in the diff';
    my $todo = $t->sql('SELECT max(comment_id) FROM changeset_comment') + 0;
    is $say->('rev', message => 'x', comment_type => 'y')->{error}, 'comment_type must be note or todo', 'type';
    is $say->('rev', message => 'x', commit_id => $base)->{error},
        "Invalid commit_id `$base` for this pull request.", 'a commit';
    is $say->('rev', message => 'x', resolves_comment_id => $_->[0])->{error}, $_->[1], "resolves $_->[0]"
        for ['x', 'resolves_comment_id must be an integer'],
        [4711, 'Invalid resolves_comment_id `4711` for this pull request.'],
        [$todo - 1, 'Comment `' . ($todo - 1) . '` is wrong type for setting status to resolved.'];
    $say->('ann', message => 'done', resolves_comment_id => $todo);
    my $comments = $t->must(get_pull_request_comments => { pullrequestid => 1 });
    is $comments->[0]{comment_id}, $todo, 'those in the diff first';
    like delete $comments->[0]{comment_created_on}, $DATE, 'date';
    is_deeply $comments->[0], { comment_id => $todo, comment_type => 'todo', comment_text => 'do',
        comment_status => {},
        comment_f_path => 'first', comment_lineno => 'n1', comment_commit_id => $one, comment_pull_request_id => 1,
        comment_author => { username => 'rev', full_name_or_username => 'rev', active => $true },
        comment_last_version => 0, comment_resolved_by => $todo + 1, pull_request_version => undef }, 'a comment';
    is_deeply [map { $_->{comment_text} } @$comments[1 .. 3]],
        ['Auto status change to Under Review', 'hm', 'Status change > Approved'], 'texts';
    is_deeply $comments->[3]{comment_status}, { status => 'approved', status_lbl => 'Approved' }, 'a vote';
    is_deeply $comments->[2]{comment_status}, {}, 'none of others';
    is $t->call(get_pull_request_comments => { repoid => 'team/code', pullrequestid => 99 })->{error},
        'repository `team/code` or pull request `99` does not exist', 'no pull request';
    is $t->call(get_pull_request_comments => { pullrequestid => 99 })->{error}, 'pull request `99` does not exist',
        '... nor a repository';
};

my ($three, $mended);
subtest 'update_pull_request' => sub {
    my $call = sub { my ($as, %args) = @_; ask('update_pull_request', $as, pullrequestid => 1, %args) };
    my $none = { added => [], common => [], removed => [] };
    is $call->('eve', title => 'x')->{error}, 'pull request `1` update failed, no permission to update.', 'no right';
    is $call->('ann', reviewers => 'x')->{error}, 'reviewers should be specified as a list', 'reviewers';
    is $call->('ann', reviewers => ['x'])->{error}, 'user `x` does not exist', 'a reviewer';
    my ($child) = sort { memory_peak($b) <=> memory_peak($a) } $t->children;
    my $before = memory_peak($child);
    is $call->('ann', reviewers => [{ username => 'bob', reasons => [('r' x 99) x 2000] }])->{error},
        'failed to update pull request `1`', 'reasons that are too long';
    cmp_ok max(map { memory_peak($_) } $t->children) - $before, '<', 64 << 10, 'KB of memory that these take';
    my $r = $call->('ann', title => 'Better', reviewers => [{ username => 'eve', reasons => ['knows it', 'asked'] },
        'bob'])->{result};
    is $r->{msg}, 'Updated pull request `1`', 'msg';
    is_deeply $r->{updated_reviewers}, { added => ['eve'], removed => ['rev'] }, 'reviewers';
    is_deeply $r->{updated_commits}, $none, 'no commits';
    is_deeply $r->{pull_request}, get(1), 'pr_obj';
    is_deeply [@{ $r->{pull_request} }{qw(title description)}], ['Better', "Why\n"], 'texts';
    is_deeply [map { [$_->{user}{username}, @{ $_->{reasons} }] } @{ $r->{pull_request}{reviewers} }],
        [['bob'], [qw(eve), 'knows it', 'asked']], 'with reasons';
    is_deeply $call->('own', update_commits => 'true')->{result}{updated_commits}, $none, 'the head has not moved';

    $mended = commit('mended', $one, second => "two\n");
    $three = commit('mended', $mended, third => "3\n");
    push_to($fork, 'mended:one');
    is_deeply get(1)->{commit_ids}, [$two, $one], 'a push to the source changes nothing';
    $r = $call->('ann', update_commits => 'true')->{result};
    is_deeply $r->{updated_commits}, { added => [$three, $mended], common => [$one], removed => [$two] }, 'commits';
    is_deeply [@{ $r->{pull_request} }{qw(commit_ids versions)}], [[$three, $mended, $one], 1], 'a version';
    is $r->{pull_request}{source}{reference}{commit_id}, $three, 'head';
    is $r->{pull_request}{target}{reference}{commit_id}, $base, 'base';
    is_deeply [map { $_->{pull_request_version} } @{ $t->must(get_pull_request_comments => { pullrequestid => 1 }) }
        [0, -1]], ['v1', undef], 'versions of comments';
    is $t->sql("SELECT DISTINCT status FROM changeset_status WHERE revision = '$three'"),
        "under_review\n", 'statuses of new ones';

    $r = ask('update_pull_request', 'ann', pullrequestid => 2, close_pull_request => 'true')->{result};
    is_deeply [@{ $r->{pull_request} }{qw(status mergeable)}],
        ['closed', { status => $false, message => $message{closed} }], 'closed';
    is $t->must(get_pull_request_comments => { pullrequestid => 2 })->[-1]{comment_text},
        'Closing with Status change > Rejected', 'with a comment';
    refused('update_pull_request', 'ann', 'pull request `2` update failed, pull request is closed', 'once',
        pullrequestid => 2);
    is $t->call(changeset_comment => { repoid => 'team/code', revision => 'tip', message => 'm',
        status => 'approved' })
        ->{error}, undef, 'other commits have any status';
};

subtest 'close_pull_request' => sub {
    my $pull = create("one:$three");
    my %args = (pullrequestid => $pull);
    refused('close_pull_request', 'eve', "pull request `$pull` close failed, no permission to close.",
        'no right', %args);
    is_deeply ask('close_pull_request', 'ann', %args, message => 'why')->{result},
        { pull_request_id => $pull, closed => $true }, 'closed';
    refused('close_pull_request', 'ann', "pull request `$pull` is already closed", 'once', %args);
    is ask('comment_pull_request', 'eve', %args, message => 'late')->{error}, undef, 'comments go on';
    is $t->call(changeset_comment => { repoid => 'ann/code', revision => $three, message => 'm',
        status => 'approved' })->{error}, 'Changing status on a changeset associated with a closed pull request is'
        . ' not allowed', 'its commits keep their status';
};

subtest 'a merge that has begun' => sub {
    my $pull = create("one:$three");
    my %args = (pullrequestid => $pull);
    my $begin = sub { $t->sql("UPDATE pull_request SET merge_rev = '$_[0]' WHERE pull_request_id = $pull") };
    $begin->('0' x 40);
    is ask('update_pull_request', 'ann', %args, title => 'x')->{error}, undef, 'it has not happened: an update';
    $begin->('0' x 40);
    is ask('close_pull_request', 'ann', %args)->{error}, undef, '... and the end';
    is $t->sql("SELECT count(*) FROM pull_request WHERE pull_request_id = $pull AND merge_rev IS NULL"), "1\n",
        'which is no merge';
    $pull = $args{pullrequestid} = create("one:$three");
    $begin->($base);
    is ask('close_pull_request', 'ann', %args)->{error}, "pull request `$pull` is already closed",
        'one that has happened is recorded';
    is $t->sql("SELECT username || ip_addr FROM journal WHERE action = 'user_merged_pull_request:$pull'"),
        "rcapi-admin\n", 'not as that of the user who found it';
};

subtest 'merge_pull_request' => sub {
    my $merge = sub { my ($as, $pull, %args) = @_; ask('merge_pull_request', $as, pullrequestid => $pull, %args) };
    my $path = $target->{path};
    my $not = sub { { possible => $false, executed => $false, merge_commit_id => undef, failure_reason => $_[0] } };
    is $merge->('ann', 1)->{error}, 'repository `team/code` does not exist', 'who may only read';
    is $merge->('own', 1, userid => 'eve')->{error}, 'repository `team/code` does not exist', 'nor for such a user';
    is $t->call(merge_pull_request => { pullrequestid => 1 }, as => 'ann')->{error},
        'repository `team/code` does not exist', '... without a repository in the call';

    $t->must(lock => { repoid => 'team/code', locked => 'true' });
    is_deeply get(1)->{mergeable}, { status => $false, message => $message{7} }, 'locked';
    is_deeply $merge->('own', 1)->{result}, $not->(7), 'no merge of it';
    $t->must(lock => { repoid => 'team/code', locked => 'false' });
    $t->must(set_repo_settings => { repoid => 'team/code', settings => { rhodecode_pr_merge_enabled => $false } });
    is_deeply get(1)->{mergeable}, { status => $false,
        message => 'Server-side pull request merging is disabled.' }, 'disabled';
    is_deeply $merge->('own', 1)->{result}, $not->(1), 'no merge of it';
    $t->must(set_repo_settings => { repoid => 'team/code', settings => { rhodecode_pr_merge_enabled => $true } });

    git($path, qw(update-ref refs/heads/gone), $base);
    my $gone = create('one', target_ref => 'branch:gone');
    git($path, qw(update-ref -d refs/heads/gone));
    is_deeply get($gone)->{mergeable}, { status => $false, message => $message{8} }, 'the branch has gone';
    is_deeply $merge->('own', $gone)->{result}, $not->(8), 'no merge of it';

    my $theirs = commit('theirs', 'master', first => "other\n");
    push_to($path, 'theirs:master');
    is_deeply get(1)->{mergeable}, { status => $false, message => $message{2} }, 'conflicts';
    is_deeply $merge->('own', 1)->{result}, $not->(2), 'no merge of it';
    is git($path, 'rev-parse', 'master'), $theirs, 'nothing has changed';
    my $ours = commit('theirs', 'master', else => "e\n");
    push_to($path, '+theirs:master');
    is_deeply get(1)->{mergeable}, { status => $true, message => $message{0} }, 'no conflicts any more';

    my $objects = sub { scalar(() = glob "$path/objects/??/*") };
    my $before = $objects->();
    my $r = $merge->('own', 1, userid => 'bob')->{error};
    is $r, 'repository `team/code` does not exist', 'as who may not';
    $t->must(grant_user_permission => { repoid => 'team/code', userid => 'bob', perm => 'repository.write' });
    $r = $merge->('own', 1, userid => 'bob')->{result};
    my $id = $r->{merge_commit_id};
    is_deeply $r, { possible => $true, executed => $true, merge_commit_id => $id, failure_reason => 0 }, 'merged';
    is git($path, 'rev-parse', 'master'), $id, 'the branch leads to it';
    is git($path, 'log', '-1', '--format=%P|%an %ae|%cn %ce', $id),
        "$ours $three|bob bob\@example.org|bob bob\@example.org", 'parents and names';
    is $t->git($path, 'log', '-1', '--format=%B', $id), "Merge pull request #1 from code one\n\n Better\n\n",
        'message';
    is git($path, qw(fsck --full --strict --no-dangling)), '', 'the repository is whole';
    is $objects->(), $before + 2, 'a commit and a tree';
    git($work, qw(checkout -q), $ours);
    git($work, qw(merge -q --no-edit), $three);
    is git($path, 'rev-parse', "$id^{tree}"), git($work, 'rev-parse', 'HEAD^{tree}'), 'the tree of git merge';
    my $now = get(1);
    is_deeply [@$now{qw(status mergeable)}], ['closed', { status => $false, message => $message{closed} }], 'closed';
    is $t->must(get_pull_request_comments => { pullrequestid => 1 })->[-1]{comment_text},
        'Pull request merged and closed', 'comment';
    is $t->must(get_repo => { repoid => 'team/code' })->{last_changeset}{raw_id}, $id, 'last changeset';
    is $merge->('own', 1)->{error}, 'pull request `1` merge failed, pull request is closed', 'once';
    my $again = create("one:$three", target_ref => "branch:master:$ours");
    is_deeply $merge->('own', $again)->{result}, { possible => $true, executed => $true, merge_commit_id => $id,
        failure_reason => 0 }, 'what is merged already';
};

subtest 'journal' => sub {
    my $r = $t->sql("SELECT DISTINCT action FROM journal WHERE action LIKE '%pull_request:1'
        AND repo_name = 'team/code'
        ORDER BY 1");
    is $r, join('', map { "user_${_}_pull_request:1\n" } qw(commented created merged updated)), 'what was done';
    my $feed = $t->get('/_admin/journal/rss', as => 'own')->body;
    like $feed, qr{merged pull request in repository team/code: [^<]*/team/code/pull-request/1&quot;},
        'the feed tells it';
};

subtest 'the calls of an editor, in their order' => sub { # ids as numbers and as texts, references without ids
    my $as = sub { my ($method, %args) = @_; $t->must($method => \%args, as => 'own') };
    my %number = map { $_ => $as->(get_repo => repoid => $_)->{repo_id} } qw(team/code ann/code);
    push_to($fork, commit('edited', $three, edited => "e\n") . ':refs/heads/edited');
    ok exists $as->(get_repo_refs => repoid => $number{'ann/code'})->{branches}{edited}, 'references';
    is ref $as->(get_pull_requests => repoid => $number{'team/code'}, status => 'new'), 'ARRAY', 'a list';
    my $pull = $as->(create_pull_request => source_repo => $number{'ann/code'}, target_repo => "$number{'team/code'}",
        source_ref => 'branch:edited', target_ref => 'branch:master', title => 'E', description => 'd',
        description_renderer => 'markdown', reviewers => [{ username => 'bob', reasons => [] }])->{pull_request_id};
    my %both = (repoid => $number{'team/code'}, pullrequestid => "$pull");
    is $as->(get_pull_request => %both)->{mergeable}{status}, $true, 'one';
    is $as->(get_pull_request_comments => %both)->[0]{comment_author}{username}, 'own', 'comments';
    is $as->(comment_pull_request => %both, message => 'm', comment_type => 'note', send_email => 'false')->{status},
        undef, 'a comment';
    $t->must(comment_pull_request => { %both, status => 'approved', message => 'ok' }, as => 'bob');
    is $as->(update_pull_request => %both, title => 'F', update_commits => 'true')->{pull_request}{review_status},
        'approved', 'update';
    ok $as->(merge_pull_request => %both)->{executed}, 'merge';
    is $as->(get_pull_requests => repoid => $number{'team/code'}, status => 'closed')->[0]{title}, 'F', 'closed ones';
};

subtest 'strip' => sub {
    my $path = $target->{path};
    my $base = commit('stripped', 'master', stripped => "s\n");
    my $offered = commit('stripped', $base, offered => "o\n");
    push_to($path, "$base:refs/heads/stripped");
    push_to($fork, "$offered:refs/heads/offered");
    my $pull = create('offered', target_ref => 'branch:stripped');
    my $strip = sub { $t->must(strip => { repoid => 'team/code', revision => $_[0], branch => 'stripped' }) };
    is_deeply $strip->($base), { msg => "Stripped commit $base from repo `team/code`", repository => 'team/code',
        kept_by_pull_requests => [$pull] }, 'a commit that an offered one needs: who keeps it';
    is git($path, 'cat-file', '-t', $base), 'commit', 'it is still there';
    my $alone = commit('alone', git($path, 'rev-parse', 'stripped'), alone => "a\n");
    push_to($path, '+alone:stripped');
    is_deeply [sort keys %{ $strip->($alone) }], [qw(msg repository)], 'another one';
};

# What a killed process has kept a day ago is offered, just when it is to be removed.
subtest 'check --repair beside new ones' => sub {
    my $path = $target->{path};
    my (@lost, $done);
    for my $n (1 .. rounds(4, 32)) {
        my $head = commit("beside$n", 'master', beside => "$n\n");
        push_to($fork, "beside$n");
        git($path, 'fetch', '-q', $fork, "beside$n:refs/rc/pull/$head/head");
        utime 1, time - 90_000, "$path/refs/rc/pull/$head/head";
        my $pid = fork // die "fork: $!";
        if (!$pid) {
            $t->try_admin('check', '--repair');
            POSIX::_exit(0);
        }
        Time::HiRes::sleep(0.06 * ($n % 8));
        my $pull = $t->call(create_pull_request => { %offer, source_ref => "branch:beside$n" }, as => 'ann')->{result};
        waitpid $pid, 0;
        $done += defined $pull;
        push @lost, $n if $pull && system "git -C $path rev-parse -q --verify refs/rc/pull/$head/head >/dev/null";
        $t->must(close_pull_request => { repoid => 'team/code', pullrequestid => $pull->{pull_request_id} }) if $pull;
    }
    ok $done, "$done pull requests";
    is "@lost", '', 'the target keeps what they offer';
};

subtest 'what stays' => sub {
    my $path = $target->{path};
    my $head = commit('kept', $three, kept => "k\n");
    push_to($fork, 'kept');
    my $pull = create('kept', reviewers => ['eve']);
    ask('comment_pull_request', 'eve', pullrequestid => $pull, status => 'approved');
    my $before = get($pull);
    my $same = sub {
        my ($name, %but) = @_;
        my $now = get($pull);
        is_deeply $now, { %$before, updated_on => $now->{updated_on}, %but }, $name;
    };
    git($fork, qw(update-ref -d refs/heads/kept));
    $same->('the branch of the source has gone');
    is_deeply ask('update_pull_request', 'ann', pullrequestid => $pull, update_commits => 'true')
        ->{result}{updated_commits}, { added => [], common => [], removed => [] }, 'there is nothing new';
    $t->must(update_repo => { repoid => 'ann/code', name => 'moved' });
    my $source = { %{ $before->{source} }, repository => 'ann/moved', clone_url => $t->url . '/ann/moved' };
    $same->('the source has another name', source => $source);
    $t->must(update_repo => { repoid => 'ann/moved', private => 'true' });
    is_deeply $t->must(get_pull_request => { pullrequestid => $pull }, as => 'eve')->{source},
        { %$source, repository => undef, clone_url => undef }, 'a source that the caller may not read';
    $t->must(delete_repo => { repoid => 'ann/moved' });
    $same->('the source has gone', source => { %$source, clone_url => undef });
    my $seen = sub { $t->must(get_pull_request => { pullrequestid => $pull }, as => $_[0])->{source}{repository} };
    is $seen->('eve'), undef, 'its name stays unknown to others';
    is $seen->('ann'), 'ann/moved', 'the author knows it';
    is $before->{review_status}, 'approved', 'what was voted';
    git($path, qw(gc -q --prune=now));
    is git($path, 'cat-file', '-t', $head), 'commit', 'git removes none of the commits';
    $t->must(maintenance => { repoid => 'team/code' });
    $t->must(fork_repo => { repoid => 'team/code', fork_name => 'copy' });
    is git("$ROOT/copy", qw(for-each-ref refs/rc)), '', 'a fork has none of its references';
    $t->must(update_repo => { repoid => 'team/code', name => 'new' });
    my $now = $t->must(get_pull_request => { repoid => 'team/new', pullrequestid => $pull });
    is $now->{url}, $t->url . "/team/new/pull-request/$pull", 'the target has another name';
    is $now->{mergeable}{message}, $message{0}, 'it can be merged';
    $t->must(delete_user => { userid => 'eve' });
    $t->must(delete_user => { userid => 'ann' });
    $now = $t->must(get_pull_request => { repoid => 'team/new', pullrequestid => $pull });
    is_deeply $now->{author}, { user_id => undef, username => 'ann', firstname => '', lastname => '', email => undef,
        emails => [] }, 'the author has gone';
    is_deeply $now->{reviewers}, [], 'so has the reviewer';
    my ($orphan, $fresh) = map { git("$ROOT/team/new", 'commit-tree', 'master^{tree}', '-m', $_) } 'old', 'fresh';
    git("$ROOT/team/new", 'update-ref', "refs/rc/pull/$_/head", $_) for $orphan, $fresh;
    utime 1, time - 90_000, glob("$ROOT/team/new/refs/rc/pull/{$head,$orphan}/head"), "$ROOT/team/new/packed-refs";
    like $t->try_admin('check', '--repair')->{err}, qr{team/new kept commit $orphan for no pull request: no longer},
        'what no pull request needs for a day';
    my $kept = git("$ROOT/team/new", 'for-each-ref', '--format=%(objectname)', 'refs/rc/pull');
    like $kept, qr/$_/, 'another one stays' for $head, $fresh;
    unlike $kept, qr/$orphan/, 'goes';
    git("$ROOT/team/new", 'update-ref', '-d', "refs/rc/pull/$head/head");
    my $check = $t->try_admin('check');
    is "$check->{exit} $check->{out}", "1 repository team/new does not keep commit $head of pull request $pull:"
        . " restore its folder, or close the pull request and make a new one\n", 'what check says of a lost one';
    git("$ROOT/team/new", 'update-ref', "refs/rc/pull/$head/head", $head);
    ok $t->must(merge_pull_request => { repoid => 'team/new', pullrequestid => $pull }, as => 'own')->{executed},
        'merged';
    is git("$ROOT/team/new", 'log', '-1', '--format=%s'), "Merge pull request #$pull from kept",
        'by one who does not know the source';
    git("$ROOT/team/new", 'update-ref', '-d', "refs/rc/pull/$head/head");
    $check = $t->try_admin('check');
    is "$check->{exit} $check->{out}$check->{err}", '0 ', 'which a closed one does not need';
    $t->must(delete_repo => { repoid => $_ }) for 'copy', 'team/new';
    is $t->sql('SELECT count(*) FROM pull_request'), "0\n", 'with the target they go';
};

$t->done;
done_testing;
