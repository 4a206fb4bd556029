#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# rcapi-admin email, perm, set, follow, backup (contract 04 §7), and what follows for the server.
use strict;
use warnings;
use Test::More;
use RCAPI::Test;

my $t = RCAPI::Test->new;
$t->user($_) for qw(bob eve);
$t->must(create_repo => { repo_name => 'demo', repo_type => 'git' });
my $FORBIDDEN = 'Access was denied to this resource.';

# What a command that fails says, and its exit code.
sub fails {
    my ($exit, $says, @args) = @_;
    my $r = $t->try_admin(@args);
    is $r->{exit}, $exit, "@args: exit $exit";
    like $r->{err}, $says, "@args: says why";
}

subtest 'email' => sub {
    is $t->admin(qw(email list bob)), "bob\@example.org\n", 'list';
    $t->admin(qw(email add bob Extra@Example.org));
    is $t->admin(qw(email list bob)), "bob\@example.org\nextra\@example.org\n", 'added, in lower case';
    is_deeply $t->must(get_user => { userid => 'bob' })->{emails}, ['bob@example.org', 'extra@example.org'], 'the API tells it';
    is $t->call(create_user => { username => 'new', email => 'EXTRA@example.org' })->{error},
        'email `EXTRA@example.org` already exist', 'taken for others';
    fails(1, qr/already exist/, qw(email add eve extra@example.org));
    $t->admin(qw(email remove bob extra@example.org));
    is $t->admin(qw(email list bob)), "bob\@example.org\n", 'removed';
    fails(1, qr/./, qw(email remove bob extra@example.org));
    fails(1, qr/`nobody` does not exist/, qw(email list nobody));
    fails(2, qr/email list, add or remove/, 'email');
    fails(2, qr/which address/, qw(email add bob));
    fails(2, qr/unexpected/, qw(email list bob more));
};

subtest 'perm' => sub {
    my $create = sub { $t->call(create_repo => { repo_name => "$_[0]-$_[1]", repo_type => 'git' }, as => $_[0])->{error} };
    like $t->admin(qw(perm default)), qr/^inherit=on\n.*^hg\.create\.repository$/ms, 'list of the defaults';
    is $create->('bob', 1), undef, 'bob may create';
    $t->admin(qw(perm default hg.create.none));
    unlike $t->admin(qw(perm default)), qr/hg\.create\.repository/, 'in place of the other';
    is $create->('bob', 2), $FORBIDDEN, 'now he may not';
    $t->admin(qw(perm user bob hg.create.repository));
    is $create->('bob', 3), $FORBIDDEN, 'his own rows have no effect while he inherits';
    $t->admin(qw(perm user bob inherit=off));
    is $t->admin(qw(perm user bob)), "inherit=off\nhg.create.repository\n", 'list of his';
    is $create->('bob', 4), undef, 'now they have';
    $t->must(create_user_group => { group_name => 'makers' });
    $t->must(add_user_to_user_group => { usergroupid => 'makers', userid => 'eve' });
    $t->admin(qw(perm group makers hg.create.repository inherit=off));
    is $t->admin(qw(perm group makers)), "inherit=off\nhg.create.repository\n", 'list of a group';
    is $create->('eve', 1), undef, 'a member may create';
    $t->admin(qw(perm group makers inherit=on));
    is $create->('eve', 2), $FORBIDDEN, 'a group that inherits gives nothing';
    fails(1, qr/permission `hg\.x` does not exist/, qw(perm default hg.fork.none hg.x));
    like $t->admin(qw(perm default)), qr/hg\.fork\.repository/, 'all or nothing';
    fails(1, qr/permission `hg\.admin` does not exist/, qw(perm user bob hg.admin));
    fails(1, qr/user `nobody` does not exist/, qw(perm user nobody));
    fails(1, qr/user group `nobody` does not exist/, qw(perm group nobody));
    fails(2, qr/perm default, user NAME or group NAME/, 'perm');
    fails(2, qr/which user/, qw(perm user));
};

subtest 'set' => sub {
    is $t->admin('set') =~ s/\t.*//gr, join('', map { "$_\n" } 'default_repo_enable_downloads=False',
        'default_repo_enable_locking=False', 'default_repo_enable_statistics=False', 'default_repo_private=False',
        'gist_alias_url=', 'repository_fields=False'), 'list';
    $t->admin('set', "default_repo_$_->[0]", $_->[1]) for ['enable_downloads', 'on'], ['private', 'True'], ['enable_locking', '1'];
    $t->must(create_repo => { repo_name => 'by-default', repo_type => 'git' });
    my $repo = $t->must(get_repo => { repoid => 'by-default' });
    is_deeply [map { $_ ? 1 : 0 } @$repo{qw(enable_downloads private enable_locking enable_statistics)}], [1, 1, 1, 0],
        'new repositories follow';
    $t->must(create_repo => { repo_name => 'by-hand', repo_type => 'git', private => 'false' });
    ok !$t->must(get_repo => { repoid => 'by-hand' })->{private}, 'unless told otherwise';
    fails(2, qr/no setting nonsense/, qw(set nonsense 1));
    fails(2, qr/to what/, qw(set default_repo_private));
    fails(2, qr/is on or off/, qw(set default_repo_private maybe));
    fails(2, qr/unexpected/, qw(set default_repo_private on more));
};

subtest 'follow' => sub {
    my $followers = sub { [map { $_->{username} } @{ $t->must(get_repo => { repoid => 'demo' })->{followers} }] };
    $t->admin(qw(follow bob demo));
    $t->admin(qw(follow bob demo));
    is_deeply $followers->(), ['admin', 'bob'], 'once';
    $t->admin(qw(follow --remove bob demo));
    is_deeply $followers->(), ['admin'], 'no more';
    fails(1, qr/repository `nope` does not exist/, qw(follow bob nope));
    fails(1, qr/user `nobody` does not exist/, qw(follow nobody demo));
    fails(2, qr/which repository/, qw(follow bob));
};

subtest 'backup' => sub {
    my $file = "$t->{dir}/work/copy.db";
    $t->admin('backup', $file);
    is sprintf('%o', (stat $file)[2] & 07777), '600', 'private';
    my $r = $t->run('sqlite3', $file, 'PRAGMA integrity_check; SELECT count(*) FROM users');
    is $r->{out}, "ok\n" . $t->sql('SELECT count(*) FROM users'), 'a whole database';
    open my $f, '<:raw', $file or die;
    my $bytes = do { local $/; <$f> };
    is index($bytes, $t->key('bob')), -1, 'no key in it';
    fails(1, qr/cannot create/, 'backup', $file);
    fails(1, qr/cannot create/, 'backup', "$t->{dir}/nowhere/x.db");
    fails(2, qr/into which file/, 'backup');
    my $restored = "$t->{dir}/work/restored";
    mkdir $restored or die;
    system 'cp', '-R', "$t->{dir}/data/repos", "$t->{dir}/data/secret", $restored;
    rename $file, "$restored/rcapi.db" or die;
    $r = $t->run($t->program('rcapi-admin'), '--data', $restored, 'check');
    is "$r->{exit} $r->{out}$r->{err}", '0 ', 'it serves with copies of secret and repositories';
};

$t->done;
done_testing;
