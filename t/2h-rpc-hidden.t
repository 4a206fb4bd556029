#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# What a caller may not see does not exist (05 OPEN-9): for every method and each of its arguments
# that names a repository, a group, a user group or a gist, the answer about a hidden one is, byte for
# byte but for the name sent, the answer about none. Whatever the other arguments are.
use strict;
use warnings;
use Test::More;
use RCAPI::Run qw(rounds);
use RCAPI::Test;

my $t = RCAPI::Test->new(directives => "RcapiDatabaseSync NORMAL\n");
$t->user($_) for qw(ann eve);
$t->sql(q{
    UPDATE user_global_permission SET name = 'repository.none' WHERE name = 'repository.read';
    UPDATE user_global_permission SET name = 'group.none' WHERE name = 'group.read';
    UPDATE user_global_permission SET name = 'usergroup.none' WHERE name = 'usergroup.read';
    UPDATE user_global_permission SET name = 'hg.create.none' WHERE name = 'hg.create.repository';
});
$t->ids_after(7_000_000, qw(repo repo_group user_group pull_request api_key));

# Eve's own things, then Ann's, which eve may not see. The ids are not found in a text by accident.
$t->repo('mine', commits => 4, args => { owner => 'eve' });
$t->must(create_repo_group => { group_name => 'eves', owner => 'eve' });
$t->must(create_user_group => { group_name => 'club', owner => 'eve' });
$t->repo('open', commits => 3, args => { owner => 'ann' });
$t->must(grant_user_permission => { repoid => 'open', userid => 'eve', perm => 'repository.read' });
$t->must(create_repo_group => { group_name => 'vault', owner => 'ann' });
$t->repo('vault/secret', commits => 4, args => { owner => 'ann', private => 'true' });
$t->must(create_repo_group => { group_name => 'vault/inner', owner => 'ann' });
$t->must(fork_repo => { repoid => 'vault/secret', fork_name => 'vault/copy', owner => 'ann' });
$t->must(create_user_group => { group_name => 'cabal', owner => 'ann' });
$t->must(grant_user_group_permission => { repoid => 'vault/secret', usergroupid => 'cabal',
    perm => 'repository.read' });
$t->must(lock => { repoid => 'vault/secret', locked => 'true', userid => 'ann' });
my $gist = $t->must(create_gist => { owner => 'ann', gist_type => 'private', files => { a => { content => 'x' } } })
    ->{gist};
my $pull = do {
    my $work = "$t->{dir}/scratch/vault_secret";
    $t->git($work, @$_) for [qw(checkout -q -b topic)], [qw(commit -q --allow-empty -m topic)],
        ['push', '-q', "$t->{dir}/data/repos/vault/secret", 'topic'];
    $t->must(create_pull_request => { source_repo => 'vault/secret', target_repo => 'vault/secret', title => 'T',
        source_ref => 'branch:topic', target_ref => 'branch:master' }, as => 'ann')->{pull_request_id};
};
my $public = $t->must(create_gist => { owner => 'ann', files => { a => { content => 'x' } } })->{gist};
my $token = $t->must(create_auth_token => { userid => 'ann' })->{auth_token};
$t->secret($token->{auth_token});
$t->ids_after(6_000_000, qw(webhook webhook_delivery)); # unlike the id of a call
my $hook = $t->must(create_webhook => { repoid => 'vault/secret', url => 'http://127.0.0.1:1/' })
    ->{webhook}{webhook_id};
my $delivery = $t->must(test_webhook => { webhookid => $hook })->{delivery};
my $task = '0123456789abcdef' x 2 . '01234567';
$t->sql("INSERT INTO task (name, user_id, ip, method, state, due, created_on, result)
    SELECT '$task', user_id, '::1', 'pull', 'done', 1, 1, '{}' FROM users WHERE username = 'ann'");
my ($repo, $group, $team) = split /\n/, $t->sql("SELECT repo_id FROM repo WHERE repo_name = 'vault/secret';
    SELECT group_id FROM repo_group WHERE group_name = 'vault'; SELECT users_group_id FROM user_group
    WHERE group_name = 'cabal'");

# Arguments that name an object: hidden ones, and beside each what does not exist.
my @ID = (6999999, '6999999');
my @repos = (['vault/secret', 'vault/absent', 'absent/x', 'absent'], [0 + $repo, $ID[0]], ["$repo", $ID[1]]);
my @groups = (['vault', 'absent'], ['vault/inner', 'vault/absent', 'absent/inner'], [0 + $group, $ID[0]],
    ["$group", $ID[1]]);
my @teams = (['cabal', 'absent'], [0 + $team, $ID[0]], ["$team", $ID[1]]);
my @gists = ([$gist->{access_id}, 'abcdefgh23456789ABCD'], [$public->{access_id}, $ID[1]],
    [0 + $public->{access_id}, $ID[0]]);
my @tokens = ([$token->{auth_token_id}, $ID[0]], ["$token->{auth_token_id}", $ID[1]]);
my @pulls = ([0 + $pull, $ID[0]], ["$pull", $ID[1]]);
my @places = (['vault/secret', 'vault/absent', 'absent/absent'], ['vault/inner', 'vault/absent'],
    ['vault/new', 'absent/new']);
my @tops = (@places, ['vault', 'absent']);
my %objects = (repoid => \@repos, fork_of => \@repos, source_repo => \@repos,
    target_repo => \@repos, pullrequestid => \@pulls, pullrequest_id => \@pulls, pull_request_id => \@pulls,
    repogroupid => \@groups, group => \@groups, parent => \@groups,
    root => \@groups,
    usergroupid => \@teams, sourceusergroupid => \@teams, gistid => \@gists, auth_token_id => \@tokens,
    task => [[$task, "f" x 40]],
    webhookid => [[$hook, $ID[0]], ["$hook", $ID[1]]], deliveryid => [[$delivery, $ID[0]], ["$delivery", $ID[1]]]);
my %by_method = ('create_repo.repo_name' => \@tops, 'create_repo_group.group_name' => \@tops,
    'search.repo_name' => \@repos, 'search.repo_group_name' => \@groups,
    'update_repo.repo_name' => \@places, 'fork_repo.fork_name' => \@tops,
    # what is ordered by ids or names has a place in a list, whether it exists or not
    'get_repos.after' => [$repos[0]], 'get_user_groups.after' => [$teams[0]],
    'get_repo_groups.after' => [@groups[2, 3]], 'get_gists.after' => [$gists[2]],
    'get_users.after' => [['ann', 'absent']], 'get_user_audit_logs.after' => [],
    'get_pull_requests.after' => []);
my %own = (repoid => 'mine', source_repo => 'mine', target_repo => 'mine', repogroupid => 'eves',
    usergroupid => 'club', sourceusergroupid => 'club');

# Other arguments: the good value first, then bad ones.
my $tip = $t->git("$t->{dir}/scratch/mine", 'rev-parse', 'master') =~ s/\n//r;
my %values = (
    userid => ['eve', 'nobody', 'default', undef, [], 999], perm => ['{kind}.read', 'nothing', 'hg.admin', undef, []],
    owner => ['eve', 'nobody', 'ann', undef], details => ['basic', 'nothing', 'full', undef, 3, []],
    revision => ['tip', 'nothing', 5, '', undef, []],
    start_rev => ['', 'nothing', 3, undef], limit => [2, 'many', undef, -1], root_path => ['/', '/nothing', undef, []],
    ret_type => ['all', 'nothing', undef], commit_id => [$tip, 'nothing', undef, 7],
    message => ['text', '', undef, []],
    status => ['approved', 'nothing', undef, []], branch => ['master', 'nothing', undef],
    key => ['key', '', undef, []],
    locked => ['true', 'false', undef, []], forks => ['', 'delete', 'detach', 'nothing'], cache => ['true', 'false'],
    name => ['renamed', 'a/b', '', undef],
    repo_name => ['', 'nothing/x', undef], traverse => ['false'],
    clone_uri => ['', 'http://127.0.0.1:1/x', '-u', undef], landing_rev => ['rev:tip', 'nothing'],
    fork_name => ['eves/fork', 'open', '', undef],
    repo_type => ['git', 'hg'], role => ['api', 'nothing', undef, []],
    copy_permissions => ['false', 'true'], apply_to_children => ['none', 'all', 'nothing'],
    group_name => ['renamed', '', 'a/b', undef], content => ['true', 'false'], private => ['true'],
    fields => ['a=b', 'nothing'],
    max_file_bytes => [10, 'nothing', -1], enable_locking => ['true'], enable_downloads => ['true'],
    enable_statistics => ['true'], description => ['text', [], undef], delete_keys => ['true'],
    active => ['false'], label => ['text'],
    file_path => ['nothing'], start => ['0', 'nothing'], end => ['tip', 'nothing'], start_date => ['', 'nothing'],
    end_date => [''], branch_name => ['master', 'nothing'], reverse => ['true'], with_file_list => ['true'],
    max_revisions => [2, 'many'], raw_id => [$tip, 'nothing', undef, 7], with_reviews => ['true'],
    source_ref => ['branch:master', 'nothing'], target_ref => ['branch:master', 'nothing'], title => ['text', ''],
    reviewers => [['eve'], 'nothing', ['ann'], undef], observers => [[]], update_commits => ['true'],
    close_pull_request => ['true'], merge_state => ['false'], comment_type => ['note', 'nothing'],
    resolves_comment_id => [1, 'nothing'], f_path => ['nothing'], line_no => ['n1'], comment_msg => ['text', ''],
    close_pr => ['true', 'false'],
    search_query => ['secret', '', 'vault'], search_type => ['repository', 'content'], search_sort => ['desc:date'],
    page => [1, 'nothing', 2], page_limit => [10, 'nothing', -1],
    settings => [{ a => 1 }, 'nothing'], url => ['http://127.0.0.1:1/', 'ftp://x/', undef],
    events => [['repo-push'], ['nothing'], 'nothing'], secret => ['of eve', undef], send_token => ['true'],
    files => [{ a => { content => 'x' } }], background => ['false', 'true'],
    add => ['eve', ['nobody']], remove => [['eve'], 'nobody'], remote_uri => ['', 'http://127.0.0.1:1/x', '-u'],
    with_pullrequests => ['true'], with_revision_names => ['true'],
);

# Argument lists: all good, one of them bad, all bad.
sub further {
    my ($method, $takes, $kind, $object) = @_;
    my %dumb = $object eq 'repo_name' ? (name => 1) : (); # it would win
    my @names = grep { $_ ne $object && !$own{$_} && !$dumb{$_} && $values{$_} } sort keys %$takes;
    my %own_here = map { $_ => $own{$_} } grep { $own{$_} && $_ ne $object } keys %$takes;
    my $good = sub { my $v = $values{$_[0]}[0]; defined $v && !ref $v ? $v =~ s/\{kind\}/$kind/r : $v };
    my @required = grep { $takes->{$_} eq '<RequiredType>' } @names;
    my %good = (%own_here, map { $_ => $good->($_) } @required);
    my @lists = (\%good, { %own_here, map { $_ => $values{$_}[1] // $good->($_) } @names });
    for my $name (@names) {
        push @lists, { %good, $name => $_ } for @{ $values{$name} }[1 .. $#{ $values{$name} }];
        push @lists, { %good, $name => $good->($name) };
    }
    return @lists;
}

sub snapshot { return $t->dump }

# All hidden ones, or in make test one in turn for each further list of arguments.
sub in_turn { return rounds(0, 1) || !@_ ? @_ : $_[our $turn++ % @_] }

# An answer with the name that was sent taken out.
sub answer {
    my ($method, $args, $name, %opt) = @_;
    $t->call($method => $args, as => 'eve', %opt);
    return $t->last->body =~ s/\Q$name\E/<NAME>/gr;
}

my $before = snapshot();
my $JSON = JSON::PP->new->canonical->allow_nonref;
my ($arguments, $pairs) = (0, 0);
my @unknown; # a new argument is to be put into one of the tables above
my %named = map { $_ => 1 }
    qw(args email username password firstname lastname extern_name extern_type admin force_password_change
    pattern lifetime query after_id extra_recipients send_email description_renderer
    gist_type acl_level remove_obsolete); # tell of no object

for my $method (@{ $t->must('get_method') }) {
    my $takes = $t->must(get_method => { pattern => $method })->[1];
    my $kind = $takes->{repogroupid} ? 'group' : $takes->{repoid} ? 'repository' : 'usergroup';
    for my $object (sort keys %$takes) {
        my $candidates = $by_method{"$method.$object"} // $objects{$object};
        push @unknown, "$method.$object" if !$candidates && !$values{$object} && !$named{$object};
        next if !$candidates;
        $arguments++;
        my ($lists, @different) = (0);
        for my $further (further($method, $takes, $kind, $object)) {
            for my $candidate ($lists++ < 2 ? @$candidates : in_turn(@$candidates)) {
                my ($hidden, @none) = @$candidate;
                my $told = answer($method, { %$further, $object => $hidden }, $hidden);
                for my $none (@none) {
                    my $expected = answer($method, { %$further, $object => $none }, $none);
                    $pairs++;
                    next if $told eq $expected;
                    my ($a, $b) = ($told, $expected); # a place is named by its group in messages
                    s{`(?:vault|absent)(?:/\w+)?`}{`<PLACE>`} for $by_method{"$method.$object"} ? ($a, $b) : ();
                    push @different, $JSON->encode({ %$further, $object => $hidden })
                        . "\n  $told  not, as for $none:\n  $expected" if $a ne $b;
                }
            }
        }
        is join('', @different), '', "$method: $object";
    }
}
is "@unknown", '', 'every argument of every method is known here: as one that names an object, or with values';
cmp_ok $arguments, '>', 50, "$arguments arguments of methods, $pairs pairs of answers";

for my $candidate (@repos) {
    my ($hidden, @none) = @$candidate;
    for my $name (qw(repo repoid)) {
        is answer(pull => { $name => $hidden }, $hidden, dialect => '1.2'),
            answer(pull => { $name => $_ }, $_, dialect => '1.2'),
            "pull (1.2): $name $hidden, $_" for @none;
    }
}

subtest 'what eve may not see was not touched' => sub {
    my $after = snapshot();
    my @lines = grep {
        my $line = $_;
        index($after, "$line\n") < 0
    } grep { /vault|cabal|$repo|$group|$team|\Q$gist->{access_id}\E/ } split /\n/, $before;
    is_deeply \@lines, [], 'its rows are as before';
};

$t->done;
done_testing;
