# SPDX-License-Identifier: Apache-2.0
#
# The recipes of docs/configuration.md, as they stand there: httpd takes them, and they do what is said.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use RCAPI::HTTP;
use RCAPI::Run qw(slurp spew);
use RCAPI::Test;

# Modules and lines of each recipe: "**Title** (modules ...): text" and the indented block behind it.
my ($section) = slurp("$FindBin::Bin/../docs/configuration.md") =~ /^## Recipes\n(.*?)(?:^## |\z)/ms;
my @RECIPES = $section =~ /^\*\*(.+?)\*\* \((.+?)\).*\n(?:.+\n)*\n((?:    .*\n)+)/mg;
my %recipe;
while (my ($title, $modules, $lines) = splice @RECIPES, 0, 3) {
    $recipe{$title} = { modules => [split /, /, $modules =~ s/, of .*//r], lines => $lines };
}
is(join('|', sort keys %recipe),
    'A crowd of robots|Another git server|Bandwidth|Behind a proxy|Clients that never finish|Fewer password checks|'
        . 'Guessing of passwords and keys|Smaller answers', 'all are found');
my %ALL = map { ($_ => 1) } map { @{ $_->{modules} } } values %recipe;

my $t = RCAPI::Test->new(
    modules => [grep { !/^(?:alias|filter|deflate|env|reqtimeout)$/ } sort(keys %ALL), 'authz_user'], whitelist => '*',
    directives => "<Location />\nAuthType Basic\nAuthName x\nAuthBasicProvider rcapi\nRequire rcapi\n</Location>\n",
);
my $PLAIN = $t->{server}{config};
$t->user($_, password => "password of $_") for qw(ann bob);
$t->secret(map { "password of $_" } qw(ann bob));
$t->repo('app', args => { enable_downloads => JSON::PP::true() }, build => sub {
    my ($work) = @_;
    RCAPI::Git::history($work, 3, 1);
    spew("$work/long.txt", join '', map { "line $_ of a text\n" } 1 .. 2000);
    spew("$work/noise.bin", join '', map { RCAPI::Git::random_hex(1000) } 1 .. 300);
    $t->git($work, 'add', '-A');
    $t->git($work, 'commit', '-q', '-m', 'Long files');
});

# The server with a recipe, some of it changed so that a test can see it.
sub cook {
    my ($title, %changes) = @_;
    my $lines = $recipe{$title}{lines};
    for my $from (sort keys %changes) {
        $lines =~ s/\Q$from\E/$changes{$from}/ or die "$title: no $from\n";
    }
    $t->{server}{config} = "$PLAIN$lines";
    $t->reload;
}

subtest 'as they stand there' => sub {
    for my $title (sort keys %recipe) {
        my ($exit, $said) = $t->httpd_conf_test($recipe{$title}{lines});
        is($exit, 0, $title) or diag($said);
    }
};

subtest 'Smaller answers' => sub {
    cook('Smaller answers');
    my @gzip = ('Accept-Encoding' => 'gzip');
    for my $path (qw(/app/changeset-diff/tip /app/raw/tip/long.txt /app/feed/atom)) {
        my ($small, $large) = ($t->get($path, headers => [@gzip]), $t->get($path));
        is($small->header('Content-Encoding'), 'gzip', $path);
        cmp_ok(3 * length $small->body, '<', length $large->body, '... is smaller') if $path =~ /long/;
        is($t->get($path, headers => [@gzip, 'If-None-Match' => $small->header('ETag')])->status, 304,
            '... and revalidated');
    }
    $t->call(get_repo => { repoid => 'app' }, headers => [@gzip]);
    is($t->last->header('Content-Encoding'), 'gzip', 'JSON');
    is($t->get('/app/archive/tip.tar.gz', headers => [@gzip])->header('Content-Encoding'), undef,
        'an archive is left alone');
};

subtest 'Clients that never finish' => sub {
    cook('Clients that never finish', 'header=10-20' => 'header=1-2');
    my $s = RCAPI::HTTP::connect_to($t->port);
    print $s "GET /app/changeset-diff/tip HTTP/1.1\r\nHost:";
    like(join('', <$s>), qr{^HTTP/1\.1 408 }, 'half a header: 408');
    is($t->get('/app/changeset-diff/tip')->status, 200, 'others are served');
};

subtest 'Bandwidth' => sub {
    cook('Bandwidth', 'rate-limit 4096' => 'rate-limit 100');
    my $start = time;
    my $size = length $t->get('/app/archive/tip.zip')->body;
    my $floor = int($size / 1024 / 100) - 2; # it counts in whole seconds, and the first is free
    cmp_ok($floor, '>=', 0, "$size bytes") && cmp_ok(time - $start, '>=', $floor, 'are held back');
};

subtest 'Behind a proxy' => sub {
    cook('Behind a proxy', '10.0.0.2' => '127.0.0.1');
    $t->admin('ip', 'add', 'ann', '192.0.2.0/24');
    is($t->get('/app/changeset-diff/tip', as => 'ann', headers => ['X-Forwarded-For' => $_->[0]])->status, $_->[1],
        "client $_->[0]")
        for ['192.0.2.7', 200], ['198.51.100.1', 403], ['198.51.100.1, 192.0.2.7', 200],
        ['192.0.2.7, 198.51.100.1', 403];
    like($t->get('/app/feed/atom')->body, qr{https://code\.example\.org/app}, 'URLs');
    cook('Behind a proxy');
    is($t->get('/app/changeset-diff/tip', as => 'ann', headers => ['X-Forwarded-For' => '192.0.2.7'])->status, 403,
        'only that proxy is believed');
    $t->admin('ip', 'remove', 'ann', '192.0.2.0/24');
};

subtest 'Fewer password checks' => sub {
    $t->admin('anonymous', 'off');
    $t->user('eve', password => 'password of eve');
    cook('Fewer password checks');
    my $status = sub { $t->get('/app/changeset-diff/tip', basic => $_[0])->status };
    is($status->($_), 200, $_) for 'ann:password of ann', 'ANN:password of ann', 'bob@example.org:password of bob',
        'eve:password of eve';
    is($status->('ann:wrong'), 401, 'a wrong password, when the right one is known');
    is($status->('joe:password of ann'), 401, 'an unknown user');
    $t->sql('UPDATE users SET password = NULL');
    is($status->('ann:password of ann'), 200, 'the cache knows ann');
    is($status->($_), 401, "not $_") for 'bob:password of bob', 'ANN:password of ann',
        'bob@example.org:password of bob';
    $t->must(update_user => { userid => 'ann', active => JSON::PP::false() });
    is($status->('ann:password of ann'), 401, 'inactive at once');
    is($status->('eve:password of eve'), 200, 'others are not');
    $t->admin('ip', 'add', 'eve', '10.0.0.0/8');
    is($status->('eve:password of eve'), 403, 'a wrong address at once, too');
};

subtest 'Guessing of passwords and keys' => sub {
    cook('Guessing of passwords and keys');
    my @status = map { $t->get('/app/changeset-diff/tip', key => 'guess')->status } 1 .. 35;
    is($status[0], 401, 'a guess');
    is($status[-1], 429, 'too many');
    is($t->get('/app/changeset-diff/tip', as => 'bob')->status, 429, 'from this address');
};

$t->done;
done_testing;
