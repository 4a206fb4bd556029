#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# What a repository holds never runs in a browser: pages, pictures, scripts and documents, under
# their own names and under others, opened and embedded. That the probe works is shown by the same
# files as httpd itself serves them.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use RCAPI::Browser;
use RCAPI::Run qw(patiently slurp spew);
use RCAPI::Test;

my $t = RCAPI::Test->new(mounts => ['/rc'], whitelist => 'FilesController:*', directives => <<'END');
AddType application/javascript .js .mjs
AddType image/svg+xml .svg
AddType application/xhtml+xml .xhtml
AddType application/pdf .pdf
END
my $browser = RCAPI::Browser->new($t->dir . '/home') or plan skip_all => 'chromium is not installed';
my $marks = 0;

# Asks for /beacon?NAME before anything else happens, and says so in the title.
sub script {
    return qq{var x=new XMLHttpRequest();x.open("GET","/beacon?$_[0]",false);}
        . qq{try{x.send()}catch(e){};try{document.title="RAN"}catch(e){}};
}
sub html {
    my $script = script($_[0]);
    return qq{<!DOCTYPE html><html><head><title>quiet</title></head><body onload='$script'>}
        . qq{<script>$script</script></body></html>\n};
}
sub svg {
    my $script = script($_[0]);
    return qq{<svg xmlns="http://www.w3.org/2000/svg" onload='$script'><script>$script</script></svg>\n};
}
sub xhtml {
    my $script = script($_[0]);
    return qq{<html xmlns="http://www.w3.org/1999/xhtml"><head><title>quiet</title><script>$script</script></head>}
        . qq{<body/></html>\n};
}

sub pdf {
    my ($nul) = @_;
    return "%PDF-1.4\n%$nul\n1 0 obj<</Type/Catalog/Pages 2 0 R"
        . "/OpenAction<</S/JavaScript/JS(app.launchURL\\('/beacon?pdf'\\);)>>>>endobj\n"
        . "2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n3 0 obj<</Type/Page/Parent 2 0 R"
        . "/MediaBox[0 0 9 9]>>endobj\ntrailer<</Root 1 0 R>>\n";
}

my %FILES = (
    'p.html' => html('html'), 'p.svg' => svg('svg'), 'p.xhtml' => xhtml('xhtml'), 's.js' => script('js'),
    'm.mjs' => script('mjs'),
    'w.js' => script('worker'), 's.txt' => script('txt'), 's' => script('bare'), 'p.pdf' => pdf(''),
    'binary.pdf' => pdf("\0"),
    'html.txt' => html('html-txt'), 'html.png' => html('html-png'), 'html' => html('html-bare'),
    'svg.txt' => svg('svg-txt'), 'svg.png' => svg('svg-png'),
    'svg.ico' => svg('svg-ico'), 'html.own' => html('html-own'),
);
$t->repo('files', build => sub {
    my ($work) = @_;
    spew("$work/$_", $FILES{$_}) for keys %FILES;
    $t->git($work, 'add', '.');
    $t->git($work, 'commit', '-q', '-m', 'files');
});
my %AT = (static => '/static', raw => '/rc/files/raw/tip', rawfile => '/rc/files/rawfile/tip');
mkdir $t->dir . '/htdocs/static';
spew($t->dir . "/htdocs/static/$_", $FILES{$_}) for keys %FILES;
spew($t->dir . "/htdocs/around-$_.html", around($AT{$_})) for keys %AT;
spew($t->dir . "/htdocs/afar-$_.html", around('http://localhost:' . $t->port . $AT{$_})) for keys %AT;

# A page of the same server that embeds what is below $at in all ways.
sub around {
    my ($at) = @_;
    return '<!DOCTYPE html><title>around</title><script>' . script('page') . "new Worker('$at/w.js');</script>"
        . join('', map { "<script src='$at/$_'></script>" } qw(s.js s.txt s))
        . "<script type=module src='$at/m.mjs'></script>"
        . join('', map { "<iframe src='$at/$_'></iframe><object data='$at/$_'></object><embed src='$at/$_'><img "
            . "src='$at/$_'>" }
            qw(p.html p.svg p.xhtml html.txt html.png svg.png svg.txt svg.ico html html.own p.pdf));
}

# Opens $path; (names of the beacons that were asked for, the page, the lines of the access log).
sub visit {
    my ($path, @how) = @_;
    my $before = beacons();
    my $page = $browser->open($t->url . $path, @how);
    my $log = substr beacons(), length $before;
    my %seen = map { $_ => 1 } $log =~ m{"GET /beacon\?([\w-]+) }g;
    return (join(' ', sort keys %seen), $page, $log);
}

# The access log, when all that was asked for until now stands in it.
sub beacons {
    my $mark = 'mark-' . ++$marks;
    $t->get("/beacon?$mark");
    my $log;
    patiently(10, sub { ($log = slurp($t->dir . '/logs/access_log')) =~ /\?$mark / });
    return $log =~ s{^.*/beacon\?mark-.*\n}{}mgr;
}

# Opens $path again until the beacons @want have come, three times at most: a script may begin after all that the page
# waits for. As visit.
sub visit_for {
    my ($path, @want) = @_;
    my (%ran, $page);
    for (1 .. 3) {
        (my $ran, $page) = visit($path);
        $ran{$_} = 1 for split / /, $ran;
        last if @want == grep { $ran{$_} } @want;
    }
    return (join(' ', sort keys %ran), $page);
}

subtest 'the probe works' => sub {
    for my $name (qw(html svg xhtml)) {
        my ($ran, $page) = visit_for("$AT{static}/p.$name", $name);
        is($ran, $name, "p.$name as httpd serves it runs");
        is($page->{title}, 'RAN', '... and changes the document');
    }
    my @all = qw(bare html html-bare html-own js mjs page svg txt worker xhtml);
    my ($ran) = visit_for('/around-static.html', @all);
    is($ran, "@all", 'and so do others in a page around them');
};

subtest 'opened' => sub {
    for my $name (sort keys %FILES) {
        for my $view (qw(raw rawfile)) {
            my ($ran, $page, $log) = visit("$AT{$view}/$name", stay => 1);
            is($ran, '', "$view of $name: no script has run");
            isnt($page->{title}, 'RAN', '... or changed the document');
            like($log, qr{"GET $AT{$view}/\Q$name\E HTTP/1.1" 200 }, '... though it came');
        }
    }
};

my @EMBEDDED = qw(s.js s.txt m.mjs p.html p.svg p.xhtml html.png);

subtest 'embedded in a page of the same server' => sub {
    my ($ran, undef, $log) = visit('/around-raw.html');
    is($ran, 'page', 'raw: only the page itself');
    like($log, qr{"GET $AT{raw}/\Q$_\E HTTP/1.1" (?:200|304) }, "... though it asked for $_") for @EMBEDDED, 'w.js';

    ($ran) = visit('/around-rawfile.html');
    unlike($ran, qr/html|svg|txt|bare/, 'rawfile: no page or picture, nothing that is no script by its name');
};

subtest 'embedded in a page of another server' => sub {
    like((visit_for('/afar-static.html', 'js'))[0], qr/\bjs\b/, 'the probe works');
    for my $view (qw(raw rawfile)) {
        my ($ran, undef, $log) = visit("/afar-$view.html");
        is($ran, 'page', "$view: only the page itself");
        like($log, qr{"GET $AT{$view}/\Q$_\E HTTP/1.1" (?:200|304) }, "... though it asked for $_") for @EMBEDDED;
    }
};

is($browser->close, '', 'nothing is left of the browser');
$t->done;
done_testing;
