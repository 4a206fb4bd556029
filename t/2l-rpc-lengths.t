#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# How long texts may be that clients have stored (05, Second round: Lengths), whichever method or
# program stores them; and that no text of one user weighs on everybody: extra fields are taken apart
# in linear memory before the database is locked, and lists hold the beginning of a commit's message.
use strict;
use warnings;
use Test::More;
use RCAPI::Git;
use RCAPI::Run qw(slurp spew);
use RCAPI::Test;

my $KIB = 1024;
my $t = RCAPI::Test->new(children => 1, threads => 8);
$t->user('bob');
$t->repo('demo');
$t->must(create_user_group => { group_name => 'team' });
$t->must(create_repo_group => { group_name => 'folder' });
$t->must(add_field_to_repo => { repoid => 'demo', key => 'x' });

my ($pid) = $t->children;
sub peak { (slurp("/proc/$pid/status") =~ /^VmHWM:\s+(\d+)/m)[0] / 1024 }
sub anon { (slurp("/proc/$pid/status") =~ /^RssAnon:\s+(\d+)/m)[0] / 1024 }

subtest 'each text' => sub {
    my $n = 0;
    my @rows = ( # method, its other arguments, the argument, what it may be long, failure text
        [create_user => sub { { username => 'u' . ++$n, email => "u$n\@x.org" } }, 'firstname', 255,
            qr/^failed to create user `u\d+`$/],
        [create_user => sub { { username => 'u' . ++$n, email => "u$n\@x.org" } }, 'lastname', 255,
            qr/^failed to create user `u\d+`$/],
        [update_user => sub { { userid => 'bob' } }, 'firstname', 255, 'failed to update user `bob`'],
        [create_user_group => sub { { group_name => 'g' . ++$n } }, 'description', 64 * $KIB,
            qr/^failed to create group `g\d+`$/],
        [update_user_group => sub { { usergroupid => 'team' } }, 'description', 64 * $KIB,
            'failed to update user group `team`'],
        [create_repo => sub { { repo_name => 'r' . ++$n } }, 'description', 64 * $KIB,
            qr/^failed to create repository `r\d+`$/],
        [update_repo => sub { { repoid => 'demo' } }, 'description', 64 * $KIB, 'failed to update repo `demo`'],
        [update_repo => sub { { repoid => 'demo' } }, 'landing_rev', 255, 'failed to update repo `demo`', 'rev:'],
        [update_repo => sub { { repoid => 'demo' } }, 'fields', 64 * $KIB + 2, 'failed to update repo `demo`', 'x='],
        [create_repo_group => sub { { group_name => 'f' . ++$n } }, 'description', 64 * $KIB,
            qr/^failed to create repo group `f\d+`$/],
        [update_repo_group => sub { { repogroupid => 'folder' } }, 'description', 64 * $KIB,
            qr/^failed to update repository group `folder`$/],
        [add_field_to_repo => sub { { repoid => 'demo' } }, 'key', 255,
            'failed to create new field for repository `demo`'],
        [add_field_to_repo => sub { { repoid => 'demo', key => 'k' . ++$n } }, 'description', 64 * $KIB,
            'failed to create new field for repository `demo`'],
        [comment_commit => sub { { repoid => 'demo', commit_id => 'tip' } }, 'message', 64 * $KIB,
            'failed to set comment on repository `demo`'],
        [create_gist => sub { { files => { a => { content => 'x' } } } }, 'description', 64 * $KIB,
            'failed to create gist'],
    );
    for (@rows) {
        my ($method, $args, $name, $most, $failure, $begin) = @$_;
        my $text = ($begin // '') . 'x' x ($most - length($begin // ''));
        is $t->call($method => { %{ $args->() }, $name => $text })->{error}, undef, "$method($name): $most";
        my $error = $t->call($method => { %{ $args->() }, $name => "${text}y" })->{error};
        ref $failure ? like($error, $failure, '... and no more') : is($error, $failure, '... and no more');
    }
    is $t->call(update_user => { userid => 'bob', firstname => "\x{e9}" x 255 })->{error}, undef,
        'characters, not bytes';
};

subtest 'names' => sub {
    my $long = 'n' x 256;
    my $error = sub { $t->call(@_)->{error} };
    is $error->(create_user => { username => $long, email => 'x@x.org' }), "failed to create user `$long`", 'user';
    is $error->(create_user => { username => 'mail', email => ('m' x 250) . '@x.org' }),
        'failed to create user `mail`', 'e-mail';
    is $error->(create_user_group => { group_name => $long }), "failed to create group `$long`", 'user group';
    is $error->(create_repo => { repo_name => 'folder/' . 'n' x 250 }), 'failed to create repository `folder/'
        . 'n' x 250 . '`', 'repository';
    is $error->(create_repo => { repo_name => 'folder/' . 'n' x 248 }), undef, 'as long as it may be';
    my $wide = join '/', "\x{e9}" x 127, "\x{1f600}" x 63, 'n' x 63; # 254 + 252 + 63 bytes
    is $error->(create_repo => { repo_name => $wide }), undef, 'characters, not bytes';
    is $t->must(get_repo => { repoid => $wide })->{repo_name}, $wide, '... is found';
    is $error->(create_repo_group => { group_name => "$wide-" }), "failed to create repo group `$wide-`", 'group';
    is $error->(create_repo => { repo_name => "\x{e9}" x 128 }),
        'failed to create repository `' . "\x{e9}" x 128 . '`', 'a part that is too long for the disk';
    is $error->(update_repo_group => { repogroupid => "\x{e9}" x 127, group_name => "\x{e9}" x 126 . 'nn' }),
        "failed to update repository group `" . "\x{e9}" x 127 . '`', 'a rename that makes names too long';
    is $error->(delete_repo => { repoid => $wide }), undef, 'delete';
    like $t->try_admin('token', 'create', 'bob', '--description', 'x' x 70_000)->{err},
        qr/too long to be stored \(at most 64 KiB\): parameter/, 'rcapi-admin: a text';
};

# The answer only says that it failed.
subtest 'why a name is refused' => sub {
    my %why = ('n' x 256 => 'is longer than 255 characters', 123 => 'is all digits, like an id',
        '_x' => 'begins with _, which is reserved',
        'a:b' => 'holds one of \\ : < >', "a\tb" => 'holds a control character',
        '.x' => 'has a part that is hidden or reserved',
        "\xc3\xa9" x 128 => 'has a part that is longer than 255 bytes');
    for (sort keys %why) {
        like $t->try_admin('repo', 'create', $_)->{err}, qr/: the name \Q$why{$_}\E\n/, 'repository ' . substr $_, 0,
            20;
        like $t->try_admin('call', 'create_repo_group', "group_name:$_")->{err}, qr/: the name \Q$why{$_}\E\n/,
            '... group';
    }
    like $t->try_admin('repo', 'set', 'demo', 'name=_x')->{err}, qr/: the name begins with _/, 'a new name';
    like $t->try_admin('repo', 'set', 'demo', 'name=a/b')->{err}, qr/: the name has a slash/, 'with a group';
    like $t->try_admin('call', 'create_repo', 'repo_name:x', 'landing_rev:tip')->{err},
        qr/: landing_rev has no colon, as in rev:tip\n/, 'landing_rev';
    like $t->try_admin('group', 'create', $_)->{err}, qr/: the name \Q$why{$_ eq '_1' ? 123 : $_}\E\n/, "user group $_"
        for '_1', 123, "a\tb";
    like $t->try_admin('group', 'create', 'n' x 256)->{err}, qr/: the name is longer than 255 characters\n/,
        'a long one';
};

subtest 'extra fields' => sub {
    my $update = sub { $t->call(update_repo => { repoid => 'demo', fields => $_[0] })->{error} };
    my $before = anon();
    is $update->(',' x 120_000), undef, '120,000 commas';
    is $update->('no equals sign,' x 20_000), undef, 'words that are no fields';
    cmp_ok anon() - $before, '<', 16, 'in linear memory' if !$ENV{RCAPI_PRELOAD};
    is $update->(join ',', map { "k$_=v" } 1 .. 100), undef, 'a hundred fields';
    is $update->(join ',', map { "k$_=v" } 1 .. 101), 'failed to update repo `demo`', 'not one more';
    is $update->('x=a\\,b,y=2'), undef, 'a comma in a value';
    is $t->sql("SELECT value FROM repo_field WHERE key = 'x'"), "a,b\n", '... is stored';
    my ($n) = $t->sql('SELECT count(*) FROM repo_field') =~ /(\d+)/;
    $t->must(add_field_to_repo => { repoid => 'demo', key => "many$_" }) for $n + 1 .. 100;
    is $t->call(add_field_to_repo => { repoid => 'demo', key => 'last' })->{error},
        'failed to create new field for repository `demo`',
        'a repository has a hundred';
};

subtest 'a commit with 6,000 parents' => sub {
    my $repo = $t->repo('hydra', build => sub {
        my ($dir) = @_;
        RCAPI::Git::git($dir, qw(commit -q --allow-empty -m), 'The root');
        my ($root) = RCAPI::Git::git($dir, qw(rev-parse HEAD)) =~ /(\w+)/;
        my ($tree) = RCAPI::Git::git($dir, qw(rev-parse HEAD^{tree})) =~ /(\w+)/;
        my $id = RCAPI::Git::write_object("$dir/.git", commit => "tree $tree\n" . "parent $root\n" x 6000
            . "author A <a\@b> 2000000000 +0000\ncommitter A <a\@b> 2000000000 +0000\n\nMany\n");
        RCAPI::Git::git($dir, qw(update-ref refs/heads/master), $id);
    });
    my $before = peak();
    is $t->call(invalidate_cache => { repoid => 'hydra' })->{error}, undef, 'its last changeset is stored';
    my $last = $t->must(get_repo => { repoid => 'hydra' })->{last_changeset};
    is scalar @{ $last->{parents} }, 6000, 'with all of its parents';
    cmp_ok peak() - $before, '<', 64, 'in linear memory' if !$ENV{RCAPI_PRELOAD};
    $t->must(delete_repo => { repoid => 'hydra' });
};

subtest 'a commit with a message of 40 MB' => sub {
    my $repo = $t->repo('loud', build => sub {
        my ($dir) = @_;
        spew("$dir/message", "Loud\n\n" . "0123456789 \x{c3}\x{a9}\n" x (40e6 / 15));
        RCAPI::Git::git($dir, qw(commit -q --allow-empty -F message));
    });
    is $t->call(invalidate_cache => { repoid => 'loud' })->{error}, undef, 'its last changeset is stored';
    my ($stored) = map { $_->{last_changeset}{message} } grep { $_->{repo_name} eq 'loud' } @{ $t->must('get_repos') };
    utf8::encode(my $bytes = $stored);
    cmp_ok length $bytes, '<=', 16 * $KIB, 'with the beginning of the message';
    like $stored, qr/\ALoud\n\n0123456789 \x{e9}\n.*\z/s, '... of whole characters';
    cmp_ok length $t->sql("SELECT last_message FROM repo WHERE repo_name = 'loud'"), '<', 40 * $KIB,
        'and nothing else is stored';
    my $before = anon();
    is $t->get('/loud/feed/atom', as => 'admin')->status, 200, 'a feed';
    cmp_ok anon() - $before, '<', 16, 'leaves nothing behind' if !$ENV{RCAPI_PRELOAD};
    my $whole = RCAPI::Git::git($repo->{path}, qw(log -1 --format=%B));
    utf8::decode($whole);
    my $call = qq({"id":1,"api_key":"${\ $t->key('admin')}","method":"get_repo_changeset",)
        . '"args":{"repoid":"loud","revision":"tip"}}';
    my $answer = RCAPI::HTTP::request($t->port, POST => '/_admin/api', body => $call)->{body};
    utf8::decode($answer); # taken apart here: JSON::PP takes many seconds for it
    my ($message) = $answer =~ /"message":"([^"]*)"/;
    is length($message =~ s/\\n/\n/gr =~ s/\\u[0-9a-f]{4}/x/gr), length($whole) - 1, 'whole where it is asked for';
};

subtest 'journal' => sub {
    $t->call(strip => { repoid => 'demo', revision => 'x' x 100_000, branch => 'master' });
    my ($most) = $t->sql('SELECT max(length(action)) FROM journal') =~ /(\d+)/;
    cmp_ok $most, '<=', $KIB, 'entries are short';
};

$t->done;
done_testing;
