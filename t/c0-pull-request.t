#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Pull requests by the API (contract 09): what they show, each refusal with its text, votes, comments,
# new versions, merges; what is kept when a source, a user or a branch goes.
use strict;
use warnings;
use Test::More;
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
    is $call->(source_ref => 'branch:none'), 'The specified branch `none` does not exist', 'no such branch';
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
    is $call->(owner => 'bob'), 'Only RhodeCode super-admin can specify `owner` param', 'for another author';
    is $call->(title => 'x' x 70_000), 'failed to create pull request', 'a title that is too long';
    is $t->sql('SELECT count(*) FROM pull_request'), "0\n", 'none of them';

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
    is $t->sql("SELECT r.repo_name || ' ' || s.status || ' ' || s.version FROM changeset_status s
        JOIN repo r USING (repo_id) WHERE s.revision = '$one' ORDER BY 1"),
        "ann/code under_review 0\nteam/code under_review 0\n", 'statuses of the commits';
    is git("$ROOT/team/code", qw(for-each-ref --format=%(refname) refs/rc)), "refs/rc/pull/$two/head",
        'the target keeps the commits';
    unlike $t->run('git', 'ls-remote', $t->url . '/team/code')->{out}, qr/rc/, 'clients do not see that';
};

$t->done;
done_testing;
