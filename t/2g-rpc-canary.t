#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Secrets planted as canaries: keys, tokens, addresses, IP entries, the password in a clone_uri, names
# of what is private. Every method is called as every kind of caller, well and badly, and each answer
# is searched: a canary may stand only where contract 02 §1.1 and §1.2 let it. No log holds any.
use strict;
use warnings;
use Test::More;
use RCAPI::Run qw(rounds slurp);
use RCAPI::Test;

my $JSON = JSON::PP->new->canonical->allow_nonref;
my $t = RCAPI::Test->new(directives => "RcapiDatabaseSync NORMAL\n");

# admin: super-admin. vip: whose secrets are watched; owns everything private. owner: administers
# the repository and groups that writer and reader may use. stranger: may nothing.
my %mail = map { $_ => "$_.mail.canary\@example.org" } qw(vip owner writer reader stranger);
my %id = map { $_ => $t->user($_, email => $mail{$_})->{user_id} } qw(vip owner writer reader stranger);
my $extra = 'second.mail.canary@example.org';
my ($token, $old) = ($t->token('vip', '--role', 'api'), $t->token('vip', '--role', 'all', '--description', 'old'));
my $network = '203.0.113.77';
$t->admin('ip', 'add', 'vip', $_) for '127.0.0.1', $network;
$t->sql(qq{
    UPDATE api_key SET expires = 1 WHERE description = 'old';
    INSERT INTO user_email (user_id, email) VALUES ($id{vip}, '$extra');
    UPDATE user_global_permission SET name = 'repository.none' WHERE name = 'repository.read';
    UPDATE user_global_permission SET name = 'group.none' WHERE name = 'group.read';
    UPDATE user_global_permission SET name = 'usergroup.none' WHERE name = 'usergroup.read';
    INSERT INTO setting (name, value) VALUES ('repository_fields', 'true')
        ON CONFLICT (name) DO UPDATE SET value = 'true';
});
$t->ids_after(7_000_000, qw(repo repo_group user_group));

my ($password, $sent) = ('pw-canary-8d1f0b', 'pw-sent-5c77e2');
$t->secret($password, $sent);
my $feed = $t->must(get_user => { userid => 'vip' })->{api_keys}[1];
my $old_id = 0 + $t->sql(q{SELECT key_id FROM api_key WHERE description = 'old'});

# Private things of vip: nobody but super-admins sees them.
$t->must(create_repo_group => { group_name => 'vault-canary', owner => 'vip', description => 'about-canary-group' });
$t->repo('vault-canary/code-canary', commits => 4,
    args => { owner => 'vip', private => 'true', description => 'about-canary-repo' });
$t->must(create_user_group => { group_name => 'cabal-canary', owner => 'vip', description => 'about-canary-team' });
$t->must(add_user_to_user_group => { usergroupid => 'cabal-canary', userid => 'vip' });
$t->must(grant_user_group_permission => { repoid => 'vault-canary/code-canary', usergroupid => 'cabal-canary',
    perm => 'repository.read' });
$t->must(add_field_to_repo => { repoid => 'vault-canary/code-canary', key => 'f' });
$t->must(update_repo => { repoid => 'vault-canary/code-canary', fields => 'f=field-canary' });
my $gist = $t->must(create_gist => { owner => 'vip', gist_type => 'private', description => 'about-canary-gist',
    files => { 'name-canary' => { content => 'text-canary' } } }, as => 'vip')->{gist};

# What vip shares: a fork of the private repository, with a password in its clone_uri, locked and
# followed by vip; a group; a user group with vip in it.
$t->must(fork_repo => { repoid => 'vault-canary/code-canary', fork_name => 'shared', owner => 'owner' });
$t->must(update_repo => { repoid => 'shared', clone_uri => "http://puller:$password\@127.0.0.1:1/x" });
$t->must(lock => { repoid => 'shared', locked => 'true', userid => 'vip' });
$t->admin('follow', 'vip', 'shared');
$t->must(fork_repo => { repoid => 'shared', fork_name => 'fork-canary', owner => 'vip', private => 'true' });
$t->must(create_repo_group => { group_name => 'commons', owner => 'owner' });
$t->must(create_user_group => { group_name => 'club', owner => 'owner' });
$t->must(add_user_to_user_group => { usergroupid => 'club', userid => 'vip' });
$t->must(create_repo => { repo_name => 'commons/closed-canary', repo_type => 'git', owner => 'vip',
    private => 'true' });
for (['writer', 'write'], ['reader', 'read']) {
    my ($who, $level) = @$_;
    $t->must(grant_user_permission => { repoid => 'shared', userid => $who, perm => "repository.$level" });
    $t->must(grant_user_permission_to_repo_group => { repogroupid => 'commons', userid => $who,
        perm => "group.$level" });
    $t->must(grant_user_permission_to_user_group => { usergroupid => 'club', userid => $who,
        perm => "usergroup.$level" });
}
is $t->sql("SELECT count(*) FROM repo WHERE clone_uri LIKE '%$password%'"), "0\n",
    'the password is not in the database in clear';

# Pull requests of vip: a private one, with a vote and words on it; one from the private fork into what is shared.
my ($own, $offered) = do {
    my $work = "$t->{dir}/scratch/vault-canary_code-canary";
    $t->git($work, @$_) for [qw(checkout -q -b topic-canary)], [qw(commit -q --allow-empty -m subject-canary)],
        map { ['push', '-q', "$t->{dir}/data/repos/$_", 'topic-canary'] } 'vault-canary/code-canary', 'fork-canary';
    map { my ($source, $target, $title) = @$_;
        $t->must(create_pull_request => { source_repo => $source, target_repo => $target, title => $title,
            source_ref => 'branch:topic-canary', target_ref => 'branch:master', description => "about-$title",
            reviewers => [qw(vip reader)], owner => 'vip' })->{pull_request_id} }
        ['vault-canary/code-canary', 'vault-canary/code-canary', 'canary-title'], ['fork-canary', 'shared', 'offer'];
};
$t->must(comment_pull_request => { pullrequestid => $own, message => 'words-canary', status => 'approved' },
    as => 'vip');

# Webhooks, with a secret and a key in the address that nobody gets back.
my ($hook, $shared_hook) = map {
    $t->must(create_webhook => { repoid => $_, url => "http://127.0.0.1:1/$_-hook-canary?key=hook-key-canary",
        secret => 'hook-secret-canary' })->{webhook}{webhook_id} } 'vault-canary/code-canary', 'shared';
my ($delivery, $shared_delivery) = map { $t->must(test_webhook => { webhookid => $_ })->{delivery} } $hook,
    $shared_hook;

sub id_of { my ($select) = @_; return 0 + $t->sql($select) }
my $code = id_of("SELECT repo_id FROM repo WHERE repo_name LIKE '%/code-canary'");
my $closed = id_of("SELECT repo_id FROM repo WHERE repo_name LIKE '%/closed-canary'");
my $vault = id_of("SELECT group_id FROM repo_group WHERE group_name = 'vault-canary'");
my $cabal = id_of("SELECT users_group_id FROM user_group WHERE group_name = 'cabal-canary'");

# --- which canary may stand in whose answer of which method

my $with_users = qr/^(?:get_user|get_users|update_user|get_repo|get_repos|get_locks|get_user_locks|update_repo
    |get_user_group|get_user_groups|get_users_group|get_users_groups|update_user_group)$/x;
my $with_repos = qr/^(?:get_repo|get_repos|get_locks|get_user_locks|update_repo)$/;
my $with_people = qr/^(?:get_pull_request|get_pull_requests|update_pull_request)$/;
my $always_masked = qr/^(?:get_user_group|get_users_group|create_user_group|create_users_group)$/;

# Keys: clear for super-admins but in some methods; for everybody else only his own, of get_user.
sub key_of {
    my ($user) = @_;
    return sub {
        my ($as, $method) = @_;
        return $as eq 'admin' ? $method =~ $with_users && $method !~ $always_masked : $as eq $user
            && $method eq 'get_user';
    };
}

# Addresses: wherever a user object may stand; in get_user only one's own.
sub data_of {
    my ($user, $more) = @_;
    return sub {
        my ($as, $method) = @_;
        return 1 if $as eq 'admin' && $more && $method =~ $more;
        return ($method =~ $with_users || $method =~ $with_people)
            && ($as eq 'admin' || $as eq $user || ($method ne 'get_user' && $as ne 'stranger'));
    };
}
my $private = sub { $_[0] =~ /^(?:admin|vip)$/ };

my @canaries = (
    (map { [quotemeta $t->key($_), "key of $_", key_of($_)] } qw(admin vip owner writer reader stranger)),
    (map { [quotemeta $_, 'a token', key_of('vip')] } $token, $old, $feed),
    (map { [quotemeta $mail{$_}, "address of $_", data_of($_, qr/^create_user$/)] } qw(vip owner writer reader
        stranger)),
    [quotemeta $extra, 'extra address', data_of('vip')],
    [quotemeta $network, 'IP entry', data_of('vip', qr/^(?:get_ip|show_ip)$/)],
    # vip, too: owner may have given them the repository
    [quotemeta $password, 'password in a clone_uri',
        sub { $_[0] =~ /^(?:admin|owner|vip)$/ && $_[1] =~ $with_repos }],
    [quotemeta $sent, 'password in a clone_uri that was sent',
        sub { $_[0] =~ /^(?:admin|owner|vip)$/ && $_[1] =~ $with_repos }],
    ['vault-canary', 'name of a private group', $private],
    ['code-canary', 'name of a private repository', $private],
    ['closed-canary', 'name of a private repository in an open group', $private],
    ['fork-canary', 'name of a private fork', $private],
    ['cabal-canary', 'name of a private user group', $private],
    ['about-canary-\w+', 'description of private things', $private],
    ['field-canary', 'field of a private repository', $private],
    ['text-canary', 'text of a private gist', $private],
    ['canary-title', 'title of a private pull request', $private],
    ['about-canary-title', 'description of a private pull request', $private],
    ['words-canary', 'comment on a private pull request', $private],
    [quotemeta $gist->{access_id}, 'access id of a private gist', $private],
    ['code-canary-hook-canary', 'address of a private webhook', $private],
);
my @never = (['hook-secret-canary', 'secret of a webhook', sub { 0 }],
    ['hook-key-canary', 'key in the address of a webhook', sub { 0 }]);
my $any = join '|', map { $_->[0] } @canaries, @never;
$any = qr/$any/;
$_->[0] = qr/$_->[0]/ for @canaries, @never;
my %seen; # canaries found where they may be: the search works

# Calls, and searches the whole answer.
my @found;
sub look {
    my ($as, $method, $args, %opt) = @_;
    $t->call($method => $args, as => $as, %opt);
    my $raw = $t->last->{raw} =~ s{\\/}{/}gr;
    return if $raw !~ $any; # most answers
    for my $canary (@canaries, @never) {
        my ($what, $name, $may) = @$canary;
        next if $raw !~ /$what/;
        $may->($as, $method) ? $seen{$name}++ : push @found, "$name: $method as $as " . $JSON->encode($args) . " $raw";
    }
}

# --- the calls

# What object arguments name: what is shared; what is private, by ids, as nobody may be told of names; nothing.
my @sets = (
    { repoid => 'shared', repogroupid => 'commons', usergroupid => 'club', sourceusergroupid => 'club',
        gistid => '1', pullrequestid => $offered,
        webhookid => $shared_hook, deliveryid => $shared_delivery },
    { repoid => $code, repogroupid => $vault, usergroupid => $cabal, sourceusergroupid => $cabal, gistid => 1,
        pullrequestid => $own, webhookid => $hook, deliveryid => $delivery },
    { repoid => "$closed", repogroupid => 'commons', usergroupid => "$cabal", sourceusergroupid => 'club',
        gistid => 'nothing', pullrequestid => "$own", webhookid => "$hook", deliveryid => "$delivery" },
    { repoid => 'shared', repogroupid => "$vault", usergroupid => 'club', sourceusergroupid => $cabal,
        gistid => undef, pullrequestid => $own, webhookid => undef, deliveryid => undef },
    { map { $_ => 'nothing' } qw(repoid repogroupid usergroupid sourceusergroupid gistid pullrequestid webhookid
        deliveryid) },
);
for my $set (@sets) {
    $set->{$_} = $set->{repoid} for qw(source_repo target_repo);
    $set->{$_} = $set->{pullrequestid} for qw(pullrequest_id pull_request_id);
}
my $TASK = 'e' x 40; # what it tells is for its user
$t->sql("INSERT INTO task (name, user_id, ip, method, state, due, created_on, result)
    VALUES ('$TASK', $id{vip}, '::1', 'pull', 'done', 1, 1, '{\"repository\": \"vault-canary/code-canary\"}')");
my $with_password = "http://puller:$sent\@127.0.0.1:1/x";
my $n = 0;
my %good = (
    args => sub { 'x' }, userid => sub { 'vip' }, perm => sub { "$_[0].none" }, revision => sub { 'tip' },
    start_rev => sub { '' },
    limit => sub { 2 }, root_path => sub { '/' }, commit_id => sub { 'tip' }, message => sub { 'text' },
    branch => sub { 'master' }, auth_token_id => sub { $old_id },
    key => sub { 'f' . ++$n }, repo_type => sub { 'git' }, files => sub { { a => { content => 'x' } } },
    settings => sub { { key => 'x' } },
    map({ my $name = $_; $name => sub { 'new-' . ++$n } } qw(repo_name fork_name group_name username)),
    email => sub { 'new' . ++$n . '@example.org' },
    source_ref => sub { 'branch:topic-canary' }, target_ref => sub { 'branch:master' }, raw_id => sub { 'tip' },
    file_path => sub { 'README' }, search_query => sub { 'canary' }, search_type => sub { 'repository' },
    url => sub { 'http://127.0.0.1:1/canary-new?key=hook-key-canary' }, task => sub { $TASK },
);
my %others = ( # one by one, beside the required ones
    userid => [undef, 'nobody', $id{vip}], perm => ['nothing', undef], details => ['full', 'nothing'],
    revision => ['nothing', 3, undef],
    start_rev => ['nothing', 3], limit => ['many'], root_path => ['/nothing'], message => [''], status => ['nothing'],
    cache => ['false'],
    clone_uri => [$with_password, "ftp://puller:$sent\@h/x", "http://puller:$sent\@nowhere.invalid/x", "-u$sent"],
    owner => ['nobody', 'vip'], group => ['nothing', $vault], fork_of => ['nothing', $code],
    parent => ['nothing', $vault], root => ['commons', 'nothing', $vault],
    landing_rev => ['nothing'], name => ['a/b'], description => [[]], content => ['true'],
    repo_name => ['', 'commons/closed', 'nothing/x'], fork_name => ['shared'],
    group_name => ['', 'a/b', 'club', 'commons'], username => ['vip', ''], email => [$mail{vip}],
    pattern => ['get_repo', '*repo*'], files => [{}], gist_type => ['x'],
    args => [undef], key => ['f'], apply_to_children => ['all'], ret_type => ['nothing'], copy_permissions => ['true'],
    forks => ['delete', 'detach'], private => ['false'], role => ['token_role_feed', 'nothing'],
    after => ['a', 'v'], auth_token_id => [7_654_321],
    source_ref => ['nothing', 'branch:nothing'], target_ref => ['branch:nothing'], title => ['text'],
    reviewers => [['vip'], ['nobody'], 'nothing'], update_commits => ['true'], close_pull_request => ['true'],
    comment_type => ['todo', 'nothing'], resolves_comment_id => [1, 'nothing'], f_path => ['nothing'],
    line_no => ['n1'], comment_msg => ['text'], close_pr => ['true'], merge_state => ['false'],
    raw_id => ['nothing', undef], with_reviews => ['true'], file_path => ['nothing'],
    start => ['0', 'nothing'], end => ['tip', 'nothing'], branch_name => ['topic-canary', 'nothing'],
    query => ['canary', 'repository:vault*'], search_query => ['vault', 'about'], search_type => ['nothing'],
    repo_group_name => [$vault, 'commons'], url => ['ftp://x/?key=hook-key-canary', undef],
    events => [['nothing'], ['repo-pull'], 'nothing'], secret => ['hook-secret-canary of another', undef],
    background => ['true'], task => ['f' x 40], add => ['vip', ['nobody']], remove => [['vip']],
    remote_uri => [$with_password, "ftp://puller:$sent\@h/x"], with_pullrequests => ['true'],
    with_revision_names => ['true'],
);
my $destroys = qr/^(?:delete_|strip|remove_|revoke_|rescan_|lock|update_user$|update_repo|update_user_group|update_pull
    |close_|merge_|grant_)/x;
my %takes = map { $_ => $t->must(get_method => { pattern => $_ })->[1] } @{ $t->must('get_method') };

my %dull = map { $_ => 1 }
    qw(active admin force_password_change extern_name extern_type firstname lastname password lifetime
    acl_level delete_keys enable_downloads enable_locking enable_statistics fields label locked max_file_bytes
    remove_obsolete traverse after_id description_renderer end_date extra_recipients max_revisions observers
    page page_limit reverse search_sort send_email send_token start_date with_file_list); # values that reach nothing
is join(' ', map { my $m = $_;
    map { "$m.$_" } grep { !$good{$_} && !$others{$_} && !$sets[0]{$_} && !$dull{$_} } sort keys %{ $takes{$m} } }
        sort keys %takes),
    '', 'every argument of every method has values here';

# Argument lists of a method: for each set, the required arguments; then each other value.
sub arguments {
    my ($method) = @_;
    my $takes = $takes{$method};
    my $kind = $takes->{repogroupid} ? 'group' : $takes->{repoid} ? 'repository' : 'usergroup';
    my @lists = ({});
    my $turn = our $turns++; # in make test an odd value is sent with one set, another one each time
    for my $i (0 .. $#sets) {
        my $set = $sets[$i];
        my $all = sub {
            return map { exists $set->{$_} ? ($_ => $set->{$_}) : $takes->{$_} eq '<RequiredType>'
                ? ($_ => $good{$_}->($kind)) : () } sort keys %$takes;
        };
        push @lists, { $all->() };
        for my $name (grep { $others{$_} } sort keys %$takes) {
            push @lists, map { { $all->(), $name => $_ } } grep { rounds(0, 1) || $turn++ % @sets == $i }
                @{ $others{$name} };
        }
        last if !grep { exists $set->{$_} } keys %$takes;
    }
    return @lists;
}

# the others do not know its id

look($_, get_gist => { gistid => $gist->{access_id}, content => 'true' }) for qw(vip admin);

# which sets meet an odd value changes with the number of methods

$t->must(create_repo => { repo_name => 'sent', private => 'true' });
look('admin', update_repo => { repoid => 'sent', clone_uri => $with_password });
$t->must(delete_repo => { repoid => 'sent' });

# First what leaves things as they are, so that everybody finds them; then the rest, from the weakest on.
my @roles = qw(stranger reader writer owner vip admin);
for my $method (grep { !/$destroys/ && !/^reset_/ } sort keys %takes) {
    for my $as (@roles) {
        look($as, $method, $_) for arguments($method);
    }
    is join("\n", splice @found), '', $method;
}
for my $as (@roles) {
    for my $method (sort { ($a =~ /^delete_/) <=> ($b =~ /^delete_/) || $a cmp $b } grep { /$destroys/ } keys %takes) {
        my @lists = arguments($method);
        @lists = @lists[0 .. 12] if $as eq 'admin' && @lists > 13; # he would move what is private into the open
        look($as, $method, $_) for @lists;
        is join("\n", splice @found), '', "$method as $as";
    }
}
for my $as (@roles) {
    look($as, pull => { repo => $_ }, dialect => '1.2') for 'shared', $code, 'nothing';
    look($as, create_user => { username => $_, email => $mail{vip} }, dialect => '1.2') for 'vip', 'new', '';
    look($as, create_users_group => { name => $_ }, dialect => '1.2') for 'club', '';
}
is join("\n", splice @found), '', 'RhodeCode 1.2';
for my $as (@roles) { # last: the keys above are void afterwards
    for my $args (arguments('reset_auth_token')) {
        look($as, 'reset_auth_token', $args);
        my $result = $JSON->decode($t->last->body)->{result} // next;
        $t->key($1, $result->{auth_token}{auth_token}) if $result->{auth_token}{main} && $result->{msg} =~ /`(.*)`/;
    }
    is join("\n", splice @found), '', "reset_auth_token as $as";
}

is_deeply [grep { !$seen{$_} } map { $_->[1] } @canaries], [], 'every canary was seen where it may be';

# --- logs

$t->stop;
my $logs = join '', map { slurp($_) } glob "$t->{dir}/logs/*";
cmp_ok length $logs, '>', 100_000, 'there are logs';
for my $canary (grep { $_->[2] != $private } @canaries, @never) { # the server's own log names repositories
    my ($what, $name) = @$canary;
    my ($line) = $logs =~ /^(.*$what.*)$/m;
    is $line, undef, "no log holds: $name";
}

$t->done;
done_testing;
