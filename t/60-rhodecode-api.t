#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# The command-line client against a small HTTP server forked here: command line, configuration
# file, arguments, request, both output formats, every exit status, and that the key is not shown.
use strict;
use warnings;

use File::Temp qw(tempdir);
use FindBin;
use IO::Socket::INET;
use JSON::PP ();
use POSIX ();
use Test::More;

my $BUILD = $ENV{RCAPI_BUILD} // "$FindBin::Bin/../build";
my $CLIENT = "$BUILD/bin/rhodecode-api";
die "no $CLIENT, build it first\n" if !-x $CLIENT;

my $KEY = 'k3y-abcdef0123456789';
my $TMP = tempdir(CLEANUP => 1);
my $LOG = "$TMP/requests";    # the server adds a line for each request
my $MAIN = $$;
my (%children, $homes, $leaks);

delete @ENV{qw(http_proxy https_proxy all_proxy no_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY
    CURL_CA_BUNDLE SSL_CERT_FILE SSL_CERT_DIR USERPROFILE RHODECODE_API_KEY)};

END {
    if ($$ == $MAIN) {
        my $status = $?;
        kill 'TERM', $_ for keys %children;
        waitpid $_, 0 for keys %children;
        $? = $status;
    }
}

# -- the server: what it answers depends on the method --

sub http {
    my ($status, $body, @headers) = @_;
    return join "\r\n", "HTTP/1.1 $status", 'Connection: close', @headers,
        'Content-Length: ' . length $body, '', $body;
}

sub result { return http('200 OK', qq({"id": $_[0]{id}, "result": $_[1], "error": null})) }
sub refuse { return http('200 OK', qq({"id": $_[0]{id}, "result": null, "error": $_[1]})) }
sub plain { my $body = shift; return sub { http('200 OK', $body) } }

my $NO_REPOID = '"Missing non optional `repoid` arg in JSON DATA"';
my $HUGE = '123456789012345678901234567890';
my %ANSWERS = (
    get_repo => sub {
        my ($call) = @_;
        return refuse($call, $NO_REPOID) if !exists $call->{args}{repoid};
        return result($call, '{"repo_name": "rhodecode", "private": false, "members": []}');
    },
    mirror => sub { result($_[0], JSON::PP->new->ascii->canonical->encode($_[1])) },
    numbers => sub { result($_[0], qq([1, -5, 18446744073709551616, $HUGE, -$HUGE, 0.1, 1.0, -0,)
            . qq( 9223372036854775808, 1e400, 1E+2, 0.10000000000000000000000001])) },
    texts => sub { result($_[0], qq({"\xc3\xa9": "\xf0\x9f\x98\x80 \xe2\x82\xac \\u00e9 \\ud83d\\ude00)
            . qq( \\ud800 /\\/ \\"\\\\ \\b\\f\\n\\r\\t \\u0000 \\u001f \x7f", "": ""})) },
    sorted => sub { result($_[0], q({"b": [], "a": {}, "\u00e9": null, "B": [1, [true, {}], {"z": 1, "y": )
            . q([false]}], "a": {"twice": 2}, "aa": 1.50})) },
    null => sub { result($_[0], 'null') },
    string => sub { result($_[0], '"done"') },
    deep => sub { result($_[0], '[' x 400 . ']' x 400) },
    deeper => sub { result($_[0], '[' x 100_000 . ']' x 100_000) },
    empty_error => sub { refuse($_[0], '""') },
    object_error => sub { refuse($_[0], '{"b": 1, "a": [2]}') },
    spaced => sub { http('200 OK', qq( \r\n\t{"error":null,"result":[1,2],"id":$_[0]{id}}\n \n)) },
    null_id => plain('{"id": null, "result": null, "error": "Request body is larger"}'),
    echo_id => plain(qq({"id": null, "result": null, "error": "parse error RAW:'$KEY'"})),
    other_id => plain('{"id": 0, "result": 1, "error": null}'),
    text_id => sub { http('200 OK', qq({"id": "$_[0]{id}", "result": 1, "error": null})) },
    float_id => sub { http('200 OK', qq({"id": $_[0]{id}.0, "result": 1, "error": null})) },
    no_id => plain('{"result": 1, "error": null}'),
    no_result => sub { http('200 OK', qq({"id": $_[0]{id}, "error": null})) },
    no_error => sub { http('200 OK', qq({"id": $_[0]{id}, "result": 1})) },
    list => plain('[1]'),
    html => plain('<html></html>'),
    nothing => plain(''),
    trailing => sub { http('200 OK', qq({"id": $_[0]{id}, "result": 1, "error": null} {})) },
    latin1 => sub { result($_[0], qq("\xe9")) },
    cut => sub { http('200 OK', qq({"id": $_[0]{id}, "result": [1, 2)) },
    status_500 => sub { http('500 Oops', qq({"id": $_[0]{id}, "result": 1, "error": null})) },
    status_404 => sub { http('404 Not Found', 'Not Found') },
    status_503 => sub { http('503 Service Unavailable', '{}') },
    status_201 => sub { http('201 Created', qq({"id": $_[0]{id}, "result": 1, "error": null})) },
    redirect => sub { http('302 Found', '', 'Location: http://127.0.0.1:1/elsewhere') },
    to_file => sub { http('302 Found', '', 'Location: file:///etc/passwd') },
    partial => sub { "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{" },
    enormous => sub { "HTTP/1.1 200 OK\r\nContent-Length: 1073741825\r\n\r\n{" },
    not_http => sub { "hello\r\n\r\n" },
    slow => sub { sleep 2; result($_[0], 1) },
    get_method => sub {
        my ($call) = @_;
        my $pattern = $call->{args}{pattern};
        return refuse($call, '"No such method: get_method"') if $call->{api_key} eq 'old server';
        return result($call, '["get_repo", "get_repos", "create_repo", 5]') if $pattern eq '*';
        return result($call, '["get_repo", {"repoid": "<RequiredType>", "cache": "<Optional:true>"}]')
            if $pattern eq 'get_repo';
        return result($call, '"odd"');
    },
    rows => sub { result($_[0], q([{"name": "a", "size": 5, "members": [], "private": false},)
            . q( {"size": 12345, "name": "caf\u00e9\n\u001b[m", "members": {}, "late": 1, "private": null}])) },
);

sub serve_one {
    my ($socket) = @_;
    my ($text, $body, %headers) = ('', '');
    while ($text !~ /\r\n\r\n/) { sysread $socket, $text, 4096, length $text or return }
    ($text, $body) = split /\r\n\r\n/, $text, 2;
    my ($line, @lines) = split /\r\n/, $text;
    for (@lines) { /^([^:]+):\s*(.*)$/ and $headers{ lc $1 } = $2 }
    while (length $body < $headers{'content-length'}) {
        sysread $socket, $body, 65536, length $body or return;
    }
    my $call = eval { JSON::PP->new->utf8->decode($body) };
    # JSON::PP refuses lone surrogates
    $call //= { $body =~ /"(id)": (\d+), .*"(method)": "(\w+)"/ };
    open my $log, '>>', $LOG or die;
    print {$log} "$call->{method}\n";
    close $log;
    my $answer = $ANSWERS{ $call->{method} }
        // sub { refuse($_[0], qq("No such method: $call->{method}")) };
    my %seen = (line => $line, headers => \%headers, body => $body, call => $call);
    print {$socket} $answer->($call, \%seen);
}

sub start_server {
    my $listener = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => 0, Listen => 20)
        or die "cannot listen: $!";
    my $pid = fork // die;
    if (!$pid) {
        $SIG{PIPE} = 'IGNORE';
        alarm 300;    # outlives no test run, even a killed one
        while (my $socket = $listener->accept) { serve_one($socket); close $socket }
        POSIX::_exit(0);
    }
    $children{$pid} = 1;
    return $listener->sockport;
}

# -- running the client --

sub slurp {
    my ($path) = @_;
    open my $f, '<:raw', $path or return;
    local $/;
    return scalar <$f>;
}

sub spew {
    my ($path, $text) = @_;
    open my $f, '>:raw', $path or die "$path: $!";
    print {$f} $text;
    close $f or die "$path: $!";
}

sub mode { return sprintf '%04o', (stat $_[0])[2] & 07777 }
sub sent { return scalar grep { 1 } split /\n/, slurp($LOG) // '' }
sub new_home { my $home = "$TMP/home" . ++$homes; mkdir $home or die; return $home }
sub ls { opendir my $d, $_[0] or die; return join ' ', sort grep { !/^\.\.?$/ } readdir $d }

# start(\@args, home => , stdin => , out => , env => {}) forks; finish() gives status, out, err
sub start {
    my ($args, %o) = @_;
    my %run = (out => "$TMP/out", err => "$TMP/err");
    spew("$TMP/in", $o{stdin} // '');
    $run{pid} = fork // die;
    if (!$run{pid}) {
        %ENV = (%ENV, HOME => $o{home} // "$TMP/nowhere", %{ $o{env} // {} });
        delete $ENV{$_} for grep { !defined $ENV{$_} } keys %ENV;
        umask $o{umask} if defined $o{umask};
        open STDIN, '<', "$TMP/in" or POSIX::_exit(99);
        open STDOUT, '>', $o{out} // $run{out} or POSIX::_exit(99);
        open STDERR, '>', $run{err} or POSIX::_exit(99);
        exec { $CLIENT } 'rhodecode-api', @$args or POSIX::_exit(99);
    }
    return \%run;
}

sub finish {
    my ($run) = @_;
    waitpid $run->{pid}, 0;
    my ($status, $out, $err) = ($?, slurp($run->{out}), slurp($run->{err}));
    $leaks .= "$err\n" if $err =~ /\Q$KEY\E/;
    return { status => $status & 127 ? "signal $status" : $status >> 8, out => $out, err => $err };
}

sub client { return finish(start(@_)) }

# is_run($run, status, stdout, stderr, name); a text is compared, a pattern matched
sub is_run {
    my ($run, $status, $out, $err, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is($run->{status}, $status, "$name: exit status");
    ref $out ? like($run->{out}, $out, "$name: stdout") : is($run->{out}, $out, "$name: stdout");
    ref $err ? like($run->{err}, $err, "$name: stderr") : is($run->{err}, $err, "$name: stderr");
}

my $PORT = start_server();
my $HOST = "http://127.0.0.1:$PORT";
my @AUTH = ("--apikey=$KEY", "--apihost=$HOST");

sub json_call { return client(['--format=json', @AUTH, @_]) }

# mirror(\@args, ...) returns the request as the server saw it
sub mirror {
    my ($args, @rest) = @_;
    my $run = client(['--format=json', @AUTH, 'mirror', @$args], @rest);
    return JSON::PP->new->decode($run->{out});
}

subtest 'usage' => sub {
    my $help = client(['--help']);
    is_run($help, 0, qr/^usage: rhodecode-api /, '', '--help');
    is_run(client(['-h']), 0, $help->{out}, '', '-h');
    is_run(client(['get_repo', 'x', '-h', '--nope']), 0, $help->{out}, '', '-h behind a method');
    for my $word (
        qw(--version --apikey --apikey-stdin --apihost --config --save-config --format --timeout --background
        key:value key:= key:@FILE key:@- .config/rhodecode .rhodecode 0600 USERPROFILE CURL_CA_BUNDLE
        RHODECODE_API_KEY table)) {
        like($help->{out}, qr/\Q$word\E/, "help tells about $word");
    }
    like($help->{out}, qr/^  $_  \S/m, "help tells about exit status $_") for 0 .. 3;
    my $missing = "Could not find config file and missing --apikey or --apihost in params\n";
    is_run(client([]), 2, '', $missing, 'nothing');
    is_run(client(['get_repo']), 2, '', $missing, 'no configuration');
    is_run(client(['get_repo', "--apikey=$KEY"]), 2, '', $missing, 'only a key');
    is_run(client(['get_repo', "--apihost=$HOST"]), 2, '', $missing, 'only a host');
    is_run(client(['get_repo', '--apikey=', "--apihost=$HOST"]), 2, '', $missing, 'empty key');
    is_run(client(['get_repo', '--config', "$TMP/none"]), 2, '', $missing, 'missing --config');
    is_run(client(['get_repo'], env => { HOME => undef }), 2, '', $missing, 'no HOME');
    is_run(client(\@AUTH), 2, '', "Please specify method name\n", 'no method');
    is_run(client([@AUTH, '']), 2, '', "Please specify method name\n", 'empty method');
    for my $case ([['--nope'], 'Unknown or ambiguous option --nope, see --help'],
        [["--apikye=$KEY"], 'Unknown or ambiguous option --apikye, see --help'],
        [['--api=x'], 'Unknown or ambiguous option --api, see --help'],
        [['--config', 'x', '-vx'], 'Unknown option -v, see --help'],
        [['--apikey'], 'Option --apikey needs a value'],
        [['--help=x'], 'Option --help takes no value'],
        [['--save-config=x'], 'Option --save-config takes no value'],
        [['--format=xml'], 'Unknown format "xml", use pretty, json or table'],
        [['--format', ''], 'Unknown format "", use pretty, json or table'],
        map { [["--timeout=$_"], '--timeout needs a number of seconds from 1 to 2000000'] }
            '', '0', '-1', '1s', ' 1', '+1', '2000001', '99999999999999999999') {
        my ($args, $message) = @$case;
        is_run(client([@AUTH, 'get_repo', @$args]), 2, '', "$message\n", "@$args");
    }
    for my $host ('127.0.0.1:5000', 'ftp://x', 'file:///etc/passwd', 'http://x?y', 'http://x#y',
        'http://x y', "http://x\n") {
        is_run(client(["--apikey=$KEY", '--apihost', $host, 'get_repo']), 2, '',
            "The apihost must be a URL like http://127.0.0.1:5000\n", "host $host");
    }
    is_run(client(["--apikey=\xff", "--apihost=$HOST", 'x']),
        2, '', "The API key is not UTF-8\n", 'bad key');
    is_run(client(["--apikey=x", "--apihost=http://\xff", 'x']),
        2, '', "The value of --apihost is not UTF-8\n", 'bad host');
    is_run(client([@AUTH, "\xff"]), 2, '', "The method name is not UTF-8\n", 'bad method');
    for my $path (qw(/_admin/api /_admin/api/ /rc/_admin/api//)) {
        is_run(client(["--apikey=$KEY", "--apihost=$HOST$path", 'get_repo']), 2, '',
            "The apihost is the address of the server alone; leave out /_admin/api, which is added to it\n",
            "host with $path");
    }
    my ($version) = slurp("$FindBin::Bin/../CHANGELOG.md") =~ /^## (\S+)/m;
    is_run(client(['get_repo', '--version', '--nope']), 0, "rhodecode-api $version\n", '', '--version');
    is(sent(), 0, 'nothing was sent');
};

subtest 'where the key comes from' => sub {
    my $home = new_home();
    spew("$home/.rhodecode", qq({"apikey": "of the file", "apihost": "$HOST"}));
    my $key = sub {
        my ($args, %o) = @_;
        my $run = client(['--format=json', 'mirror', @$args], home => $home, %o);
        return $run->{out} =~ /"api_key": "([^"]*)"/ ? $1 : "status $run->{status}: $run->{err}";
    };
    my %env = (env => { RHODECODE_API_KEY => 'of the environment' });
    is($key->([]), 'of the file', 'the file');
    is($key->([], %env), 'of the environment', 'RHODECODE_API_KEY before the file');
    is($key->([], env => { RHODECODE_API_KEY => '' }), 'of the file', 'an empty one is none');
    is($key->(["--apihost=$HOST"], home => "$TMP/nowhere", %env), 'of the environment', 'no file is needed then');
    is($key->(['--apikey=of the option'], %env), 'of the option', '--apikey before both');
    is($key->(['--apikey-stdin', '--apikey=of the option'], %env, stdin => "of stdin\r\nmore"), 'of stdin',
        '--apikey-stdin before all');
    is($key->(['--apikey-stdin'], stdin => "of stdin"), 'of stdin', 'without a line end');
    is($key->(['--apikey-stdin'], stdin => "\nx"), "status 2: Standard input holds no API key\n", 'an empty line');
    is($key->(['--apikey-stdin'], stdin => 'x' x 70_000),
        "status 2: Cannot read the API key from standard input: File too large\n", 'too long');
    is($key->(['--apikey-stdin', 'a:@-'], stdin => "x\n"),
        "status 2: Argument a: standard input can be read only once\n", 'stdin twice');
    is($key->([], env => { RHODECODE_API_KEY => "\xff" }), "status 2: The API key is not UTF-8\n", 'not UTF-8');
    is_run(client(['--save-config', "--apihost=$HOST", "--config=$home/new", '--apikey-stdin'], stdin => "$KEY\n"), 0,
        "Created new config in $home/new\n", '', 'saved, without a word on the command line');
    is($key->(["--config=$home/new"]), $KEY, '... and read');
};

subtest 'what was probably meant' => sub {
    my @cases = ([['get_rep'], qr/"No such method: get_rep"/, "Did you mean the method get_repo?\n"],
        [['getrepos'], qr/No such/, "Did you mean the method get_repos?\n"],
        [['make_coffee'], qr/No such/, ''], [['x' x 100], qr/No such/, ''],
        [['get_repo', 'repo_id:x'], qr/Missing/, "get_repo has no argument repo_id; did you mean repoid?\n"],
        [['get_repo', 'zzzzzzzz:x', 'cache:true'], qr/Missing/, "get_repo has no argument zzzzzzzz\n"],
        [['get_repo'], qr/Missing/, ''], [['object_error', 'a:1'], qr/"b"/, '']);
    for my $case (@cases) {
        my ($args, $out, $err) = @$case;
        is_run(json_call(@$args), 1, $out, $err, "@$args");
    }
    is_run(client(['--format=json', '--apikey=old server', "--apihost=$HOST", @$_]), 1, qr/No such|Missing/, '',
        "@$_: a server without get_method")
        for ['get_rep'], ['get_repo', 'repo_id:x'];
    is_run(json_call('get_repo', 'repoid:x', 'repo_id:x'), 0, qr/rhodecode/, '', 'not asked after a success');
};

subtest 'tables' => sub {
    my $table = sub { return client(['--format=table', @AUTH, @_]) };
    is_run($table->('rows'), 0, "name      size   private\na         5      false\ncaf\xc3\xa9 ?[m  12345  -\n", '',
        'a list of objects');
    is_run($table->('get_repo', 'repoid:x'), 0, "repo_name  rhodecode\nprivate    false\nmembers    []\n", '',
        'an object');
    is_run($table->('get_method', 'pattern:*'), 0, "get_repo\nget_repos\ncreate_repo\n5\n", '', 'a list');
    is_run($table->('string'), 0, "done\n", '', 'a text');
    is_run($table->('null'), 0, "-\n", '', 'null');
    is_run($table->('deep'), 0, qr/^\[{399}\]{399}\n\z/, '', 'nested lists');
    is_run($table->('get_repo'), 1, "Missing non optional `repoid` arg in JSON DATA\n", '', 'an error');
};

subtest 'session of the documentation' => sub {
    my $home = new_home();
    my %o = (home => $home, env => { http_proxy => $HOST });    # so that port 5000 need not be free
    is_run(client(['--save-config', "--apikey=$KEY", '--apihost=http://127.0.0.1:5000'], %o),
        0, "Created new config in $home/.config/rhodecode\n", '', 'save');
    is_run(client(['get_repo'], %o), 1, <<'OUT', '', 'without argument');
Calling method get_repo => http://127.0.0.1:5000
Server response
"Missing non optional `repoid` arg in JSON DATA"
OUT
    is_run(client(['get_repo', 'repoid:rhodecode'], %o), 0, <<'OUT', '', 'with argument');
Calling method get_repo => http://127.0.0.1:5000
Server response
{
    "members": [],
    "private": false,
    "repo_name": "rhodecode"
}
OUT
    my $json = client(['--format=json', 'get_repo', 'repoid:rhodecode'], %o);
    is_run($json, 0, qq({"repo_name": "rhodecode", "private": false, "members": []}\n), '', 'json');
    is_run(client(['--format=json', 'get_repo'], %o), 1, "$NO_REPOID\n", '', 'json, error');
    # python -m json.tool where there is one, else perl's own: both read strictly
    my $tool = system('python3 -c "import json" >/dev/null 2>&1') ? 'json_pp' : 'python3 -m json.tool';
    local @ENV{qw(HOME http_proxy)} = ($home, $HOST);
    my $formatted = `"$CLIENT" --format=json get_repo repoid:rhodecode | $tool`;
    is_deeply(JSON::PP::decode_json($formatted),
        { repo_name => 'rhodecode', private => JSON::PP::false, members => [] }, $tool);
};

subtest 'request' => sub {
    my $seen = mirror(['a:1', 'b:', 'landing_rev:rev:tip', 'a:2', 'n:null',
        "u:\xc3\xa9\xf0\x9f\x98\x80", 'url:http://x/']);
    my $body = $seen->{body};
    is($seen->{line}, 'POST /_admin/api HTTP/1.1', 'request line');
    is($seen->{headers}{'content-type'}, 'text/plain', 'content type');
    is($seen->{headers}{host}, "127.0.0.1:$PORT", 'host');
    ok(!exists $seen->{headers}{expect}, 'no Expect');
    like($body, qr/^\{"id": ([1-9][0-9]{0,3}), "api_key": "\Q$KEY\E", "method": "mirror", "args": \{/, 'body');
    is_deeply($seen->{call}{args}, { a => '2', b => '', landing_rev => 'rev:tip', n => 'null',
        u => "\x{e9}\x{1f600}", url => 'http://x/' }, 'arguments: first colon, strings only, the last one wins');
    like($body, qr/"a": "2", "b": "", "landing_rev": "rev:tip", "n": "null"/, 'as text');
    is_deeply([sort keys %{ $seen->{call} }], [qw(api_key args id method)], 'four keys');
    is_deeply(mirror([])->{call}{args}, {}, 'no arguments');
    my %ids = map { mirror([])->{call}{id} => 1 } 1 .. 4;
    cmp_ok(scalar keys %ids, '>', 1, 'ids vary');
    ok(!(grep { $_ < 1 || $_ > 9998 } keys %ids), 'ids in range');
    my $large = mirror(['x:@-'], stdin => 'y' x 1_100_000);
    is(length $large->{call}{args}{x}, 1_100_000, 'a large body');
    ok(!exists $large->{headers}{expect}, 'no Expect there, either');
    for my $path ('', '/', '///', '/rc', '/rc/', '/rc//') {
        my ($want) = $path =~ m{^(.*?)/*$};
        my $run = client(["--apikey=$KEY", "--apihost=$HOST$path", 'mirror']);
        like($run->{out}, qr/^Calling method mirror => \Q$HOST$path\E\n/, "host with \"$path\" as given");
        like($run->{out}, qr{"POST \Q$want\E/_admin/api HTTP}, 'and its path');
    }
    is_run(client(['--format=json', '--apikey', "q\"\\\xc3\xa9", '--apihost', $HOST, 'mirror']), 0,
        qr/"api_key": "q\\"\\\\\\u00e9"/, '', 'a key that needs escapes');
};

subtest 'where options may stand' => sub {
    my @places = ([@AUTH, '--format=json', 'mirror', 'a:1'], ['mirror', @AUTH, '--format=json', 'a:1'],
        ['mirror', 'a:1', '--format', 'json', '--apikey', $KEY, '--apihost', $HOST],
        [@AUTH, '--format', 'json', '--', 'mirror', 'a:1'],
        [@AUTH, '--format=json', '--timeout=5', 'mirror', '--', 'a:1'],
        ['--apikey=wrong', '--format=pretty', @AUTH, 'mirror', 'a:1', '--format=json']);
    for my $args (@places) {
        for my $env ({}, { POSIXLY_CORRECT => 1 }) {
            my $run = client($args, env => $env);
            is($run->{status}, 0, "@$args" =~ s/\Q$KEY\E/KEY/gr);
            like($run->{out}, qr/"args": \{\s*"a": "1"\s*\}/, 'argument arrived');
        }
    }
    is_run(client([@AUTH, '--format=json', '--', '--format']),
        1, qq("No such method: --format"\n), '', '-- ends options');
};

subtest 'arguments' => sub {
    my $before = sent();
    my $how = "Error parsing arguments \nArguments of a method are written as NAME:VALUE\n";
    is_run(client([@AUTH, 'mirror', 'repoid']), 2, '', $how, 'no colon');
    is_run(client([@AUTH, 'mirror', 'a:1', 'repoid=x']),
        2, '', "Error parsing arguments \nWrite repoid:VALUE, with a colon in place of the first \"=\"\n",
        'no colon later, but =');
    is_run(client([@AUTH, 'mirror', '=x']), 2, '', $how, '= without a name');
    is_run(client([@AUTH, 'mirror', "a:\xc3"]), 2, '', "An argument is not UTF-8\n", 'not UTF-8');
    for my $case (['', 'Expecting value at line 1 column 1'],
        ['{', 'Expecting property name enclosed in double quotes at line 1 column 2'],
        ['{"a" 1}', q{Expecting ':' delimiter at line 1 column 6}],
        ['{"a": 1,}', 'Expecting property name enclosed in double quotes at line 1 column 9'],
        ['[1,]', 'Expecting value at line 1 column 4'],
        ['[1 2]', q{Expecting ',' delimiter at line 1 column 4}],
        ['{"a":1 "b"', q{Expecting ',' delimiter at line 1 column 8}],
        ["[1,\n'a']", 'Expecting value at line 2 column 1'],
        ['01', 'Extra data at line 1 column 2'],
        ['1 2', 'Extra data at line 1 column 3'],
        ['-', 'Expecting value at line 1 column 1'],
        ['1.', 'Expecting digits after the decimal point at line 1 column 3'],
        ['1e+', 'Expecting digits in the exponent at line 1 column 4'], ['.5', 'Expecting value at line 1 column 1'],
        ['+1', 'Expecting value at line 1 column 1'], ['NaN', 'Expecting value at line 1 column 1'],
        ['-Infinity', 'Expecting value at line 1 column 1'],
        ['True', 'Expecting value at line 1 column 1'],
        ['nul', 'Expecting value at line 1 column 1'],
        ['"a', 'Unterminated string at line 1 column 1'],
        ["\"\xc3\xa9\t\"", 'Invalid control character at line 1 column 3'],
        ['"\\x"', 'Invalid \escape at line 1 column 2'],
        ['"\\u12g4"', 'Invalid \\uXXXX escape at line 1 column 2'],
        ['"\\', 'Unterminated string at line 1 column 2'],
        ['"\\u12', 'Invalid \\uXXXX escape at line 1 column 2'],
        ['{"\\u0000": 1}', 'NUL is not allowed at line 1 column 3'],
        ['/*c*/1', 'Expecting value at line 1 column 1'],
        ['[' x 513, 'Nested too deeply at line 1 column 513']) {
        my ($json, $message) = @$case;
        is_run(client([@AUTH, 'mirror', "a:=$json"]),
            2, '', "Argument a is not JSON: $message\n", 'a:=' . substr $json, 0, 20);
    }
    spew("$TMP/latin1", "\xe9");
    is_run(client([@AUTH, 'mirror', "a:\@$TMP/latin1"]),
        2, '', "Argument a: the file is not UTF-8\n", 'Latin-1 file');
    is_run(client([@AUTH, 'mirror', "a:\@$TMP/none"]),
        2, '', qr{^Argument a: cannot open \Q$TMP\E/none: No such file.*\n\z}, 'no file');
    is_run(client([@AUTH, 'mirror', "a:\@$TMP"]),
        2, '', qr/^Argument a: Is a directory\n\z/, 'folder');
    is_run(client([@AUTH, 'mirror', 'a:@']),
        2, '', qr/^Argument a: cannot open : /, 'no file name');
    is_run(client([@AUTH, 'mirror', 'a:@-'], stdin => "\xed\xa0\x80"),
        2, '', "Argument a: the file is not UTF-8\n", 'surrogate in a file');
    is_run(client([@AUTH, 'mirror', 'a:@-', 'b:@-']),
        2, '', "Argument b: standard input can be read only once\n", 'stdin twice');
    is(sent(), $before, 'nothing was sent');

    is_deeply(mirror(['files:={"a.txt": {"content": "x"}}', 'n:=5', 't:= true ', 'z:=null', 'l:=[]'])->{call}{args},
        { files => { 'a.txt' => { content => 'x' } }, n => 5, t => JSON::PP::true, z => undef, l => [] }, ':= JSON');
    like(mirror(["a:=[$HUGE, 1.50, \"\\ud800\"]"])->{body},
        qr/"a": \[$HUGE, 1\.50, "\\ud800"\]/, ':= keeps numbers and surrogates');
    is(mirror(['a:="=x"', 'a:="@x"'])->{call}{args}{a}, '@x', 'a string that begins with @');
    is(mirror(['a:x=y@z', 'a: =5'])->{call}{args}{a}, ' =5', '= and @ only directly behind the colon');
    is_deeply(mirror([':x'])->{call}{args}, { '' => 'x' }, 'empty name');
    spew("$TMP/text", "line 1\n\xe2\x82\xac \"q\"\0\n\n");
    is(mirror(["a:\@$TMP/text"])->{call}{args}{a}, "line 1\n\x{20ac} \"q\"\0\n\n", ':@file, whole and unchanged');
    spew("$TMP/empty", '');
    is(mirror(["a:\@$TMP/empty"])->{call}{args}{a}, '', ':@file, empty');
    is(mirror(['a:@-'], stdin => "from\nstdin" . 'x' x 70_000)->{call}{args}{a}, "from\nstdin" . 'x' x 70_000, ':@-');
};

subtest 'configuration, writing' => sub {
    my $both = "--save-config requires --apikey and --apihost\n";
    my $home = new_home();
    my @save = ('--save-config', @AUTH);
    is_run(client(['--save-config'], home => $home), 2, '', $both, 'no value');
    is_run(client(['--save-config', "--apikey=$KEY"], home => $home), 2, '', $both, 'only a key');
    is_run(client(['--save-config', "--apihost=$HOST", '--apikey='], home => $home),
        2, '', $both, 'empty key');
    is_run(client(['--save-config', "--apikey=$KEY", '--apihost=nohost'], home => $home),
        2, '', qr/^The apihost must be/, 'bad host');
    is(ls($home), '', 'nothing written');

    my $before = sent();
    is_run(client([@save, 'get_repo'], home => $home, umask => 0),
        0, "Created new config in $home/.config/rhodecode\n", '', 'new');
    is(sent(), $before, 'no call is made');
    is(slurp("$home/.config/rhodecode"), qq({\n    "apihost": "$HOST",\n    "apikey": "$KEY"\n}\n), 'content');
    is(mode("$home/.config/rhodecode"), '0600', 'mode');
    chmod 0644, "$home/.config/rhodecode" or die;
    is_run(client(['--save-config', "--apikey=n\"w\xc3\xa9", "--apihost=$HOST"], home => $home, umask => 0777), 0,
        "Updated config in $home/.config/rhodecode\n", '', 'update');
    is(slurp("$home/.config/rhodecode"), qq({\n    "apihost": "$HOST",\n    "apikey": "n\\"w\\u00e9"\n}\n),
        'new content');
    is(mode("$home/.config/rhodecode"), '0600', 'mode again');
    is(mode("$home/.config"), '0700', 'mode of the folder');
    is(ls($home) . '|' . ls("$home/.config"), '.config|rhodecode', 'no other file left');

    $home = new_home();
    spew("$home/.config", 'x');
    is_run(client(\@save, home => $home), 0, "Updated config in $home/.config\n", '',
        '.config is a file, as older clients wrote it');
    is(ls($home), '.config', 'no other file left');
    like(slurp("$home/.config"), qr/\Q$KEY\E/, 'content');

    $home = new_home();
    mkdir "$home/.config";
    is_run(client(\@save, home => $home),
        0, "Created new config in $home/.config/rhodecode\n", '', '.config is a folder');
    is_run(client(\@save, home => $home),
        0, "Updated config in $home/.config/rhodecode\n", '', 'and again');
    is(mode("$home/.config/rhodecode"), '0600', 'mode');
    is(ls($home) . '|' . ls("$home/.config"), '.config|rhodecode', 'no other file left');
    spew("$home/.rhodecode", '');
    is_run(client([@save, '--config', "$home/mine"], home => $home),
        0, "Created new config in $home/mine\n", '', '--config');
    is(mode("$home/mine"), '0600', 'mode');
    symlink 'mine', "$home/link" or die;
    is_run(client([@save, "--config=$home/link"]),
        0, "Updated config in $home/link\n", '', 'through a link');
    ok(-l "$home/link" && !-l "$home/mine", 'the link stays one');
    symlink 'away', "$home/loose" or die;
    is_run(client([@save, "--config=$home/loose"]),
        2, '', qr/^Cannot write configuration \S+loose: No such/, 'link to nowhere');
    is_run(client([@save, "--config=$home/no/such"]),
        2, '', qr/^Cannot write configuration \S+such: No such/, 'no folder');
    is_run(client([@save, "--config=$home"]),
        2, '', qr/^Cannot write configuration \S+: Is a directory/, 'a folder');
    is_run(client([@save, '--config=/dev/null']),
        2, '', qr/^Cannot write configuration \S+: Invalid/, 'a device');
    is_run(client(\@save, home => ''), 2, '', "No home folder is known, use --config\n", 'no home');
    is(ls($home), '.config .rhodecode link loose mine', 'no other file left');
    my $profile = new_home();
    is_run(client(\@save, env => { HOME => undef, USERPROFILE => $profile }),
        0, "Created new config in $profile/.config/rhodecode\n", '', 'USERPROFILE');
};

subtest 'configuration, reading' => sub {
    my $text = sub { qq({"apikey": "$_[0]", "apihost": "$HOST"}) };
    my $key = sub {
        my ($home, @args) = @_;
        my $run = client(['--format=json', 'mirror', @args], home => $home);
        return $run->{out} =~ /"api_key": "([^"]*)"/ ? $1 : "status $run->{status}: $run->{err}";
    };
    my $home = new_home();
    spew("$home/.rhodecode", $text->('third'));
    is($key->($home), 'third', '~/.rhodecode');
    mkdir "$home/.config";
    is($key->($home), 'third', '.config as a folder is passed over');
    mkdir "$home/.config/rhodecode";
    is($key->($home), 'third', '.config/rhodecode as a folder, too');
    rmdir "$home/.config/rhodecode";
    spew("$home/.config/rhodecode", $text->('second'));
    is($key->($home), 'second', '~/.config/rhodecode before ~/.rhodecode');
    spew("$home/mine", $text->('mine'));
    is($key->($home, '--config', "$home/mine"), 'mine', '--config before all');
    is($key->($home, '--apikey', 'given'), 'given', 'an option before the file');
    is($key->("$TMP/nowhere", @AUTH, '--config', "$TMP/none"), $KEY, 'no file needed with both options');
    my $first = new_home();
    spew("$first/.config", $text->('first'));
    spew("$first/.rhodecode", $text->('third'));
    is($key->($first), 'first', '~/.config before ~/.rhodecode');
    is_run(client(['--apihost=http://127.0.0.1:1', 'mirror'], home => $first), 3,
        "Calling method mirror => http://127.0.0.1:1\n", qr/^Call failed: /, 'host option before the file');
    is_run(client(['mirror'], env => { HOME => undef, USERPROFILE => $first }),
        0, qr/first/, '', 'USERPROFILE');
    is_run(client([], home => $first), 2, '', "Please specify method name\n", 'no method');
    is_run(client(['mirror', "--config=$first"]),
        2, '', "Cannot read configuration $first: Is a directory\n", 'a folder');
    spew("$first/host", qq({"apikey": "x", "apihost": "127.0.0.1"}));
    is_run(client(['mirror', "--config=$first/host"]),
        2, '', qr/^The apihost must be a URL/, 'bad host in the file');

    my $broken = "$TMP/broken";
    for my $case (['', 'Expecting value at line 1 column 1'],
        [qq({"apikey": "$KEY",\n}), 'Expecting property name enclosed in double quotes at line 2 column 1'],
        [qq({"apikey": "$KEY"} x), qr/Extra data at line 1 column \d+/],
        ["\xff", 'Expecting value at line 1 column 1'],
        [qq([ "$KEY" ]), 'not a JSON object'],
        ['null', 'not a JSON object'],
        [qq({"apihost": "$HOST"}), 'no text "apikey"'],
        [qq({"apikey": "$KEY"}), 'no text "apihost"'],
        [qq({"apikey": 5, "apihost": "$HOST"}), 'no text "apikey"'],
        [qq({"apikey": "", "apihost": "$HOST"}), 'no text "apikey"'],
        [qq({"apikey": "$KEY", "apihost": null}), 'no text "apihost"']) {
        my ($content, $message) = @$case;
        spew($broken, $content);
        is_run(client(['mirror', '--config', $broken]),
            2, '', qr/^Broken configuration \Q$broken\E: $message\n\z/, "broken: $message");
    }
    spew($broken, ' ' x (1024 * 1024 + 1));
    is_run(client(['mirror', '--config', $broken]),
        2, '', qr/^Cannot read configuration \S+: File too large/, 'too large');
  SKIP: {
        skip 'root reads everything', 3 if $> == 0;
        chmod 0, "$first/.config" or die;
        is_run(client(['mirror'], home => $first),
            2, '', qr/^Cannot read configuration \S+: Permission/, 'unreadable');
    }
};

subtest 'output' => sub {
    is_run(json_call('numbers'),
        0, "[1, -5, 18446744073709551616, $HUGE, -$HUGE, 0.1, 1.0, -0, 9223372036854775808,"
        . " 1e400, 1E+2, 0.10000000000000000000000001]\n", '', 'numbers keep their text');
    my $escaped = '\\ud83d\\ude00 \\u20ac \\u00e9 \\ud83d\\ude00 \\ud800 '
        . '// \\"\\\\ \\b\\f\\n\\r\\t \\u0000 \\u001f \\u007f';
    is_run(json_call('texts'),
        0, qq({"\\u00e9": "$escaped", "": ""}\n), '', 'texts in ASCII, order kept');
    is_run(client([@AUTH, 'texts']), 0, "Calling method texts => $HOST\nServer response\n"
        . qq({\n    "": "",\n    "\\u00e9": "$escaped"\n}\n), '', 'texts, pretty');
    is_run(json_call('sorted'),
        0, '{"b": [], "a": {"twice": 2}, "\\u00e9": null, "B": [1, [true, {}], {"z": 1, "y": [false]}], "aa": 1.50}'
        . "\n", '', 'one line');
    is_run(client([@AUTH, '--format=pretty', 'sorted']),
        0, "Calling method sorted => $HOST\n" . <<'OUT', '', 'indented, keys sorted');
Server response
{
    "B": [
        1,
        [
            true,
            {}
        ],
        {
            "y": [
                false
            ],
            "z": 1
        }
    ],
    "a": {
        "twice": 2
    },
    "aa": 1.50,
    "b": [],
    "\u00e9": null
}
OUT
    is_run(json_call('null'), 0, "null\n", '', 'null');
    is_run(client([@AUTH, 'null']),
        0, "Calling method null => $HOST\nServer response\nnull\n", '', 'null, pretty');
    is_run(json_call('string'), 0, "\"done\"\n", '', 'string');
    is_run(json_call('spaced'), 0, "[1, 2]\n", '', 'blanks and another order in the answer');
    is_run(json_call('deep'), 0, '[' x 400 . ']' x 400 . "\n", '', 'deep nesting');
    is_run(json_call('object_error'),
        1, qq({"b": 1, "a": [2]}\n), '', 'an error that is an object');
    is_run(json_call('empty_error'), 1, "\"\"\n", '', 'an empty error is an error');
    is_run(json_call('not_existing'),
        1, "\"No such method: not_existing\"\n", '', 'error, one line');
    is_run(client([@AUTH, 'not_existing']),
        1, "Calling method not_existing => $HOST\nServer response\n"
        . "\"No such method: not_existing\"\n", '', 'error, pretty');
  SKIP: {
        skip 'no /dev/full', 2 unless -c '/dev/full';
        my $full = client([@AUTH, 'string'], out => '/dev/full');
        is($full->{status}, 3, 'disk full: exit status');
        like($full->{err}, qr/^Cannot write to standard output: /, 'disk full: stderr');
    }
};

subtest 'no valid answer' => sub {
    my $id = qr/[1-9][0-9]{0,3}/;
    my $not_json = 'Call failed: the answer is not JSON:';
    for my $case ([null_id => qr/something went wrong. ID mismatch got null, expected $id: "Request body is larger"/],
        [echo_id => qr/something went wrong. ID mismatch got null, expected $id: \(hidden, it holds the API key\)/],
        [other_id => qr/something went wrong. ID mismatch got 0, expected $id/],
        [no_id => qr/something went wrong. ID mismatch got null, expected $id/],
        [text_id => qr/something went wrong. ID mismatch got "($id)", expected \1/],
        [float_id => qr/something went wrong. ID mismatch got ($id)\.0, expected \1/],
        [no_result => qr/Call failed: the answer has no "result"/],
        [no_error => qr/Call failed: the answer has no "error"/],
        [list => qr/Call failed: the answer is not a JSON object/],
        [html => qr/$not_json Expecting value at line 1 column 1/],
        [nothing => qr/$not_json Expecting value at line 1 column 1/],
        [trailing => qr/$not_json Extra data at line 1 column \d+/],
        [latin1 => qr/$not_json Invalid UTF-8 at line 1 column \d+/],
        [cut => qr/$not_json Expecting ',' delimiter at line 1 column \d+/],
        [deeper => qr/$not_json Nested too deeply at line 1 column \d+/],
        [status_500 => qr/Call failed: HTTP status 500/],
        [status_201 => qr/Call failed: HTTP status 201/],
        [status_503 => qr/Call failed: HTTP status 503\nThe server or its database is busy or away: try again soon/],
        [status_404 => qr/Call failed: HTTP status 404\nPerhaps there is no API below this URL: see --apihost/],
        [redirect => qr{Call failed: HTTP status 302, a redirect to http://127\.0\.0\.1:1/elsewhere, is not followed}],
        [to_file => qr{Call failed: HTTP status 302, a redirect to file:///etc/passwd, is not followed}],
        [partial => qr/Call failed: .+/],
        [enormous => qr/Call failed: the answer is larger than 1073741824 bytes/],
        [not_http => qr/Call failed: .+/]) {
        my ($method, $message) = @$case;
        is_run(json_call($method), 3, '', qr/\A$message\n\z/, $method);
        my $pretty = client([@AUTH, $method]);
        is_run($pretty, 3, "Calling method $method => $HOST\n", qr/\A$message\n\z/, "$method, pretty");
    }
    my $closed = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => 0, Proto => 'tcp')->sockport;
    is_run(client(["--apikey=$KEY", "--apihost=http://127.0.0.1:$closed", 'get_repo']), 3,
        "Calling method get_repo => http://127.0.0.1:$closed\n", qr/\ACall failed: [^\n]+\n\z/, 'connection refused');
    is_run(json_call('--timeout=1', 'slow'),
        3, '', qr/\ACall failed: [^\n]*timed out[^\n]*\n\z/, '--timeout');
    is_run(json_call('--timeout', '60', 'string'), 0, "\"done\"\n", '', 'in time');
};

subtest 'certificates' => sub {
    plan skip_all => 'no openssl' if system 'openssl version >/dev/null 2>&1';
    my $cert = system 'openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes'
        . ' -days 2 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1'
        . " -keyout '$TMP/tls.key' -out '$TMP/tls.pem' >/dev/null 2>&1";
    plan skip_all => 'openssl makes no certificate' if $cert;
    # For one call: what is written to a server goes to the client that it has then, also to one that it refuses.
    my $call_to_tls = sub {
        my ($host, $answer, @how) = @_;
        pipe my $from, my $to or die;
        pipe my $said, my $say or die;
        my $pid = fork // die;
        if (!$pid) {
            alarm 60;
            open STDIN, '<&', $from or POSIX::_exit(99);
            open STDOUT, '>&', $say or POSIX::_exit(99);
            open STDERR, '>', '/dev/null' or POSIX::_exit(99);
            close $_ for $to, $said;
            exec qw(openssl s_server -accept 127.0.0.1:0 -cert), "$TMP/tls.pem", '-key', "$TMP/tls.key"
                or POSIX::_exit(99);
        }
        $children{$pid} = 1;
        close $_ for $from, $say;
        my $port;
        while (!$port && defined(my $line = <$said>)) { ($port) = $line =~ /^ACCEPT .*:(\d+)/ }
        syswrite $to, $answer;
        my $run = $port && client(["--apikey=$KEY", "--apihost=https://$host:$port", '--format=json', '--timeout=20',
            'get_repo'], @how);
        kill 'TERM', $pid;
        waitpid $pid, 0;
        delete $children{$pid};
        return $run;
    };
    my $answer = http('200 OK', '{"id": 0, "result": 1, "error": null}');
    my @trust = (env => { CURL_CA_BUNDLE => "$TMP/tls.pem" });
    my $unknown = $call_to_tls->('127.0.0.1', $answer) or plan skip_all => 'openssl s_server tells no port';
    is_run($unknown, 3, '', qr/\ACall failed: [^\n]*certificate[^\n]*\n\z/i, 'an unknown certificate is refused');
    is_run($call_to_tls->('127.0.0.1', $answer, @trust),
        3, '', qr/\Asomething went wrong. ID mismatch got 0,/, 'CURL_CA_BUNDLE is heeded');
    is_run($call_to_tls->('localhost', $answer, @trust),
        3, '', qr/\ACall failed: [^\n]*localhost[^\n]*\n\z/, 'one of another host is refused');
};

subtest 'secrets' => sub {
    my $before = sent();
    my $run = start(['--format=json', '--apikey', $KEY, "--apihost=$HOST", 'slow']);
    for (1 .. 100) { last if sent() > $before; select undef, undef, undef, 0.05 }
    my $line = slurp("/proc/$run->{pid}/cmdline");
  SKIP: {
        skip 'no /proc', 2 unless $line;
        like($line, qr/rhodecode-api/, 'the client is running');
        unlike($line, qr/\Q$KEY\E/, 'the list of processes does not show the key any more');
    }
    is_run(finish($run), 0, "1\n", '', 'slow call');
    is($leaks, undef, 'no run of this test showed the key on standard error');
};

done_testing();
