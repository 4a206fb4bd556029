# SPDX-License-Identifier: Apache-2.0
#
# Escaped slashes: in repository names, revisions and paths; that they evade nothing, neither here
# nor in httpd's own sections; and what httpd says where AllowEncodedSlashes is off.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use RCAPI::Test;

my $t = RCAPI::Test->new(
    mounts => ['/', '/code', '/code/nested/one', '/a dir'], whitelist => '*', modules => ['rewrite'],
    directives => <<'END',
AllowEncodedSlashes NoDecode
RewriteEngine On
RewriteRule ^/short/(\w+)$ /team/app/changeset-diff/$1 [PT]
RewriteRule ^/odd$ /team/app/changeset-diff/100\% [PT]
<Location "/guarded">
    Require ip 10.0.0.0/8
</Location>
<Location "/not ours">
    SetHandler server-status
</Location>
END
);
$t->user($_) for qw(owner outsider);
my $app = $t->repo('team/app',
    args => { owner => 'owner', private => JSON::PP::true(), enable_downloads => JSON::PP::true() }, build => sub {
    my ($work) = @_;
    RCAPI::Git::history($work, 3, 7);
    mkdir "$work/dir";
    RCAPI::Run::spew("$work/dir/$_", "$_\n") for 'a b.txt', 'a%2Fb', '100%';
    $t->git($work, 'add', '-A');
    $t->git($work, 'commit', '-q', '-m', 'Odd names');
    $t->git($work, 'branch', 'fix/7');
    $t->git($work, 'branch', 'a%2Fb');
    $t->git($work, 'branch', '100%');
});
$t->repo('guarded/app', commits => 2, args => { owner => 'owner' });
my ($id) = map { $_->{repo_id} } grep { $_->{repo_name} eq 'team/app' } @{ $t->must('get_repos') };
my $TIP = $t->get('/team/app/changeset-diff/tip', as => 'owner')->body;
like($TIP, qr/^diff --git /, 'a diff to compare with');

sub status { $t->get(@_)->status }

subtest 'read as they are meant' => sub {
    for my $path (
        '/team%2Fapp/changeset-diff/tip', '/team%2fapp/changeset-diff/fix%2F7', '/team/app/changeset-diff/fix%2f7',
        "/_$id/changeset-diff/fix%2F7",
        "/_$id%2Fwhatever/changeset-diff/tip", '/code/team%2Fapp/changeset-diff/tip',
        '/code/team%2Fapp/changeset-diff/fix%2F7',
        '/a%20dir/team/app/changeset-diff/tip', '/a%20dir/team%2Fapp/changeset-diff/tip',
        '/te%61m%2Fapp/changeset-diff/tip',
        '/team/app/changeset-diff/a%252Fb', '/team/app/changeset-diff/100%25', '/short/tip', '/odd',
        '/code/nested%2Fone/team%2Fapp/changeset-diff/tip',
    ) {
        is($t->get($path, as => 'owner')->body, $TIP, $path);
        is(status($path, as => 'owner', method => 'HEAD'), 200, '... by HEAD');
        is(status($path, as => 'outsider'), 404, '... not for others');
        is(status($path), 401, '... nor for nobody');
    }
};

subtest 'files and archives' => sub {
    for my $case (['dir%2Fa%20b.txt', 'a b.txt'], ['dir/a%252Fb', 'a%2Fb'], ['dir%2Fa%252Fb', 'a%2Fb'],
        ['dir/100%25', '100%']) {
        my ($path, $name) = @$case;
        is($t->get("/team%2Fapp/raw/fix%2F7/$path", as => 'owner')->body, "$name\n", $path);
        is(status("/team%2Fapp/raw/fix%2F7/$path", as => 'outsider'), 404, '... not for others');
    }
    is(status("/team/app/raw/tip/$_", as => 'owner'), 404, "no file: $_") for 'dir/a%2Fb', 'dir%2F..%2Fdir/a%20b.txt',
        'dir%2F', '%2Fdir/a%20b.txt';
    is($t->get('/team%2Fapp/archive/fix%2F7.tar', as => 'owner')->body,
        $t->get('/team/app/archive/tip.tar', as => 'owner')->body, 'an archive');
};

subtest 'nothing else' => sub {
    for my $path (
        '/team%252Fapp/changeset-diff/tip', '/team/app/changeset-diff/fix%252F7', '/team/app/changeset-diff/fix/7',
        '/team/app/changeset-diff/a%2Fb',
        '/team/app%2Fchangeset-diff/tip', '/team/app/changeset-diff%2Ftip', '/team%2F%2Fapp/changeset-diff/tip',
        '/team/%2Fapp/changeset-diff/tip',
        '/%2Fteam/app/changeset-diff/tip', '/team%2F..%2Fteam/app/changeset-diff/tip',
        '/x%2F%2e%2e%2Fteam/app/changeset-diff/tip',
        '/x/%2e%2e%2Fteam/app/changeset-diff/tip', '/.%2Fteam/app/changeset-diff/tip',
        '/team/app/changeset-diff/..%2F..%2Ftip',
        '/team/app/changeset-diff/fix%2F7%00', '/team/app%2F%00/changeset-diff/tip',
        '/team/app/changeset-diff/fix%2F7%2F', '/team/app/changeset-diff/%2Ffix%2F7',
        '/team%5Capp/changeset-diff/tip', '/team%2Gapp/changeset-diff/tip', '/team%2/changeset-diff/tip',
        '/_admin%2Fx/changeset-diff/tip',
    ) {
        like(status($path, as => 'owner'), qr/^40[04]$/, $path);
    }
};

subtest 'sections of httpd see plain slashes' => sub {
    for my $path ('/guarded/app/changeset-diff/tip', '/guarded%2Fapp/changeset-diff/tip',
        '/guarded%2fapp%2f/changeset-diff/tip',
        '/guard%65d%2Fapp/changeset-diff/tip') {
        is(status($path, as => 'owner'), 403, $path) unless $path =~ m{%2f/};
        isnt(status($path, as => 'owner'), 200, $path);
    }
    like($t->get('/not%20ours?auto')->body, qr/^ServerMPM|^127/m, 'a section with a blank');
    is(status('/not%20ours/x%2Fy'), 200, 'its slashes are its own matter');
    like($t->call(test => { args => 'x' }, mount => '/code')->{result}, qr/x/, 'the API below its mount');
    is($t->get('/_admin%2Fapi', method => 'POST', body => '{}')->status, 200, 'or by an escaped name');
};

subtest 'keys in such URLs' => sub {
    my $key = $t->key('owner');
    for my $query ("api_key=$key", "x=%2F&auth_token=$key") {
        is($t->get("/team%2Fapp/changeset-diff/fix%2F7?$query")->body, $TIP, 'are taken');
    }
    $t->get("/%2F$_/changeset-diff/tip?api_key=$key") for 'x', '%2e%2e', '%00', '%zz';
};

subtest 'AllowEncodedSlashes' => sub {
    $t->{server}{config} =~ s/AllowEncodedSlashes NoDecode/AllowEncodedSlashes On/;
    $t->reload;
    is($t->get($_, as => 'owner')->body, $TIP, "On: $_") for '/team%2Fapp/changeset-diff/fix%2F7',
        '/code/team%2Fapp/changeset-diff/a%252Fb';
    is(status('/guarded%2Fapp/changeset-diff/tip', as => 'owner'), 403, 'On: sections');
    like(status("/code%2F$_", as => 'owner'), qr/^40[04]$/, "On: /code%2F$_") for '..%2Fteam/app/changeset-diff/tip',
        '%2Fapp/changeset-diff/tip';
    is($t->get('/code%2Fteam/app/changeset-diff/tip', as => 'owner')->body, $TIP, 'On: behind the mount itself');
    $t->{server}{config} =~ s/AllowEncodedSlashes On/AllowEncodedSlashes Off/;
    $t->reload;
    is(status($_, as => 'owner'), 404, "Off: $_") for '/team%2Fapp/changeset-diff/tip',
        '/team/app/changeset-diff/fix%2F7';
    is($t->get('/team/app/changeset-diff/a%252Fb', as => 'owner')->body, $TIP, 'Off: an escaped percent sign');
};

$t->done;
done_testing;
