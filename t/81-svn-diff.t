#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Diffs and mails of Subversion revisions (contract 07 §5, §6): the same sections as `svn diff --git`, except where
# git could not apply these; git apply, git am and svn patch take them and make the trees that the test made.
use strict;
use warnings;
use File::Find ();
use File::Path qw(make_path remove_tree);
use File::Temp ();
use Test::More;
use RCAPI::Run qw(rounds slurp spew);
use RCAPI::Svn;
use RCAPI::Test;

my $t = RCAPI::Test->new(whitelist => 'ChangesetController:*, FilesController:*');
my $COUNT = 40;
my (%dump, %url);

sub make {
    my ($name, $dump) = @_;
    $url{$name} = $dump->serve($t, $name);
    return $dump{$name} = $dump;
}

sub view {
    my ($path) = @_;
    my $a = $t->get($path, as => 'admin');
    is $a->status, 200, $path or diag $a->body;
    return $a->body;
}

# --- svn's text in our form

my $RULER = '=' x 67;

# The sections of a diff, sorted, as svn prints them with the differences of contract 07 §6 taken out.
sub sections {
    my ($text) = @_;
    my @sections = split /^(?=Index: .*\n$RULER\n)/m, $text;
    for (@sections) {
        my ($body, @props) = split /^\nProperty changes on: /m, $_, 2;
        $body =~ s/^(---|\+\+\+) .*\t\(nonexistent\)$/$1 \/dev\/null/mg;
        $body =~ s/ mode 120644$/ mode 120000/mg;
        $body =~ s/^(index \S+) 120644$/$1 120000/mg;
        $body =~ s/^(?:index \S+(?: \d+)?\n)?GIT binary patch\n.*/GIT binary patch\n/ms;
        $body =~ s/^--- .*\n\+\+\+ .*\n(?!@@)//m;
        $body =~ s/^diff --git .*\n\z//m;
        if (@props) {
            my ($head, @each) = split /^(?=(?:Added|Deleted|Modified): )/m, $props[0];
            s/^(   .*\n)+\z/join '', sort { $a cmp $b } split m{^}m, $&/me for @each; # mergeinfo
            $body .= "\nProperty changes on: $head" . join '', sort @each;
        }
        $_ = $body;
    }
    # what was replaced is two sections of one path in svn's order
    return join '', sort grep { !/\AIndex: .*\n$RULER\n\z/ } @sections;
}

# A section that git could not read: its name needs quotes, or a NUL makes it binary for git alone.
sub ours_alone { my ($section) = @_; return $section =~ /\AIndex: .*"/ || $section =~ /\0/ }

sub without {
    my ($text, @paths) = @_;
    my $any = join '|', map { quotemeta } @paths or return $text;
    return join '', grep { !/\AIndex: (?:$any)\n/ } split /^(?=Index: .*\n$RULER\n)/m, $text;
}

# Compares two diffs; tells of the sections that differ only.
sub same {
    my ($ours, $svn, $name) = @_;
    my ($is, $wanted) = map { sections($_) } $ours, $svn;
    return pass $name if $is eq $wanted;
    my %of = map { my $text = $_; map { $_ => 1 } split /^(?=Index: .*\n$RULER\n)/m, $text } $wanted;
    my %ours = map { $_ => 1 } split /^(?=Index: .*\n$RULER\n)/m, $is;
    return is join('', grep { !$of{$_} } sort keys %ours), join('', grep { !$ours{$_} } sort keys %of), $name;
}

# --- trees on the disk

# path => [kind, content] of the files of a revision; $top: only below this directory, from there.
sub files_of {
    my ($tree, $top) = @_;
    my %files;
    for my $path (keys %$tree) {
        my ($content, $props) = @{ $tree->{$path} };
        next if !defined $content;
        next if defined $top && $path !~ m{^\Q$top\E/};
        my $name = defined $top ? substr $path, 1 + length $top : $path;
        my $link = $props->{'svn:special'} && $content =~ s/\Alink //;
        $files{$name} = [$link ? 'link' : $props->{'svn:executable'} ? 'program' : 'file', $content];
    }
    return \%files;
}

sub on_disk {
    my ($dir) = @_;
    my %files;
    File::Find::find({ no_chdir => 1, wanted => sub {
        return if m{/\.(?:git|svn)(?:/|\z)} || (-d && !-l);
        my $name = substr $_, 1 + length $dir;
        $files{$name} = -l $_ ? ['link', readlink] : [-x _ ? 'program' : 'file', slurp($_)];
    } }, $dir);
    return \%files;
}

# git takes a diff, or a mail, in a folder.
sub apply {
    my ($dir, $diff, @more) = @_;
    return $t->run({ dir => $dir, stdin => $diff }, qw(git apply -p1 --whitespace=nowarn), @more, '-');
}

sub am {
    my ($dir, $mail, @more) = @_;
    my %env = (GIT_COMMITTER_NAME => 'c', GIT_COMMITTER_EMAIL => 'c');
    return $t->run({ dir => $dir, stdin => $mail, env => \%env }, qw(git am -q), @more);
}

sub fresh { return File::Temp->newdir('rcapi-XXXXXX', TMPDIR => 1) }

# Random properties may be wrong about a file: a link that is executable has one kind.
for my $seed (1 .. rounds(1, 6)) {
    my $dump = make("random$seed", RCAPI::Svn::history(RCAPI::Svn->dump, $COUNT, 100 + $seed));
    my @diffs = (undef, map { view("/random$seed/changeset-diff/$_") } 1 .. $COUNT);

    subtest "svn's sections, history $seed" => sub {
        for my $n (1 .. $COUNT) {
            my $svn = RCAPI::Svn::svn('diff', '--git', '-c', $n, $url{"random$seed"});
            my @odd = map { /\AIndex: (.*)\n/ && ours_alone($_) ? $1 : () }
                split /^(?=Index: .*\n$RULER\n)/m, "$svn$diffs[$n]";
            my @trees = @{ $dump->{trees} }[ $n - 1, $n ];
            my @binary = map { my $tree = $_; grep { ($tree->{$_}[0] // '') =~ /\0/ } keys %$tree } @trees;
            same(without($diffs[$n], @odd, @binary), without($svn, @odd, @binary), "r$n") or last;
        }
    };

    subtest "git apply, history $seed" => sub {
        my $dir = fresh();
        for my $n (1 .. $COUNT) {
            my $r = apply("$dir", $diffs[$n], '--allow-empty');
            is $r->{exit}, 0, "r$n applies" or diag($r->{err}, $diffs[$n]), last;
            is_deeply on_disk("$dir"), files_of($dump->{trees}[$n]), "r$n makes its tree" or diag($diffs[$n]), last;
        }
    };

    subtest "git am, history $seed" => sub {
        my $dir = fresh();
        $t->git("$dir", 'init', '-q');
        my $r = am("$dir", view("/random$seed/changeset-patch/1...$COUNT"), '--keep-cr');
        is $r->{exit}, 0, 'git am takes the series' or diag $r->{err}, $r->{out};
        is_deeply on_disk("$dir"), files_of($dump->{tree}), 'and makes the last tree';
        my $single = view("/random$seed/changeset-patch/1");
        is $single, '', 'a revision without files has no mail';
    };
}

subtest 'texts and messages of a mail' => sub {
    my $dump = RCAPI::Svn->dump;
    $dump->revision(log => "subject\nof two lines\n\nbody\n", author => 'ann', date => 1_234_567_890);
    $dump->dir('trunk');
    $dump->file('trunk/a', "one\n");
    $dump->revision(log => undef, author => undef, date => undef);
    $dump->file('trunk/b', "two\n", { 'svn:executable' => '*' });
    $dump->revision(log => "\xc3\xbc\n", author => "e <v\nil> \xc3\xa9");
    $dump->edit('trunk/a', "one\nmore\n");
    $dump->revision(log => 'properties');
    $dump->edit('trunk/a', undef, { own => 'x' });
    make('mails', $dump);
    my $dir = fresh();
    $t->git("$dir", 'init', '-q');
    my $am = sub {
        my ($n) = @_;
        my $r = am("$dir", view("/mails/changeset-patch/$n"));
        is $r->{exit}, 0, "r$n" or diag $r->{err}, view("/mails/changeset-patch/$n");
        return $t->git("$dir", 'log', '-1', '--format=%an|%ae|%at|%B') =~ s/\n+\z//r;
    };
    is $am->(1), "ann||1234567890|subject of two lines\n\nbody", 'as it was sent';
    is $am->(2), '(no author)||0|(no message)', 'nothing but files';
    is $am->(3), "e v il \xc3\xa9||1000000120|\xc3\xbc", 'odd characters'
        or diag view('/mails/changeset-patch/3');
    is view('/mails/changeset-patch/4'), '', 'properties alone are nothing to git';
    like view('/mails/changeset-patch/2'),
        qr{^ trunk/b \| 1 \+\n 1 file changed, 1 insertion\(\+\)\n create mode 100755}m, 'the table';
    like view('/mails/changeset-patch/1...3'), qr/^Subject: \[PATCH 2\/3\] \(no message\)$/m, 'a series is numbered';
    my $a = $t->get('/mails/changeset-patch/1', as => 'admin');
    like $a->header('Cache-Control'), qr/no-cache/, 'a mail can change';
    like $t->get('/mails/changeset-diff/1', as => 'admin')->header('Cache-Control'), qr/immutable/, 'a diff cannot';
    my $etag = $a->header('ETag');
    my @if = (as => 'admin', headers => ['If-None-Match' => $etag]);
    is $t->get('/mails/changeset-patch/1', @if)->status, 304, 'not yet';
    my $file = "$t->{dir}/scratch/log";
    spew($file, "another\n");
    RCAPI::Svn::program('svnadmin', 'setlog', '--bypass-hooks', '-r1', "$t->{dir}/data/repos/mails", $file);
    $a = $t->get('/mails/changeset-patch/1', @if);
    is $a->status, 200, 'now it did';
    like $a->body, qr/^Subject: \[PATCH\] another$/m, 'the new message';
};

subtest 'names that git must read in quotes, and ends of lines' => sub {
    my $dump = RCAPI::Svn->dump;
    my %files = (
        'q"uote' => "1\n", "tab\there" => "2\n", 'b\\s' => "3\n", "bell\a" => "\0", "mac" => "a\rb\rc\r",
        "crlf" => "a\r\n", 'a b/c d' => "5\n", ' lead' => "6\n", 'trail ' => "7\n", 'x b/x' => "8\n",
        "\xe2\x82\xac" => "9", 'empty' => '',
    );
    my %more = map { $_ => "$files{$_}more\rand\n" } keys %files;
    $dump->revision(log => 'x');
    $dump->dir($_) for 'a b', 'x b';
    $dump->file($_, $files{$_}, { 'svn:executable' => '*' }) for sort keys %files;
    $dump->revision(log => 'y');
    $dump->edit($_, $more{$_}, {}) for sort keys %files;
    $dump->revision(log => 'z');
    $dump->remove($_) for sort keys %files;
    make('names', $dump);
    my $dir = fresh();
    for my $n (1 .. 3) {
        my $diff = view("/names/changeset-diff/$n");
        my $r = apply("$dir", $diff);
        is $r->{exit}, 0, "r$n" or diag $r->{err}, $diff;
        is_deeply on_disk("$dir"), files_of($dump->{trees}[$n]), "the tree of r$n";
    }
};

subtest 'replaced files and files that become links' => sub {
    my $dump = RCAPI::Svn->dump;
    $dump->revision(log => 'x');
    $dump->dir('trunk');
    $dump->file('trunk/a', "one\n");
    $dump->file('trunk/l', 'link a', { 'svn:special' => '*' });
    $dump->revision(log => 'y');
    $dump->replace('trunk/a', "two\n", { 'svn:executable' => '*' });
    $dump->edit('trunk/l', "plain\n", {});
    $dump->revision(log => 'z');
    $dump->edit('trunk/a', 'link l', { 'svn:special' => '*' });
    $dump->edit('trunk/l', 'not a link', { 'svn:special' => '*' });
    make('kinds', $dump);
    my $dir = fresh();
    for my $n (1 .. 3) {
        my $diff = view("/kinds/changeset-diff/$n");
        my $r = apply("$dir", $diff);
        is $r->{exit}, 0, "r$n" or diag $r->{err}, $diff;
    }
    is readlink "$dir/trunk/a", 'l', 'a link';
    is slurp("$dir/trunk/l"), 'not a link', 'special, but no link';
    my $full = $t->must(get_repo_changeset => { repoid => 'kinds', revision => '2', details => 'full' })->{diff};
    is_deeply [map { "$_->{op} $_->{filename}" } @$full], ['A trunk/l', 'M trunk/a', 'D trunk/l'],
        'a replaced file is M, a link that becomes a file D and A';
};

subtest 'changes inside copies, and of directories' => sub {
    my $dump = RCAPI::Svn->dump;
    $dump->{tree}{''} = [undef, {}]; # the root
    $dump->revision(log => 'x');
    $dump->dir($_) for qw(a a/in a.b b);
    $dump->file($_, "$_\n") for qw(a/in/x a/y a.b/z b/k b/gone a-1);
    $dump->revision(log => 'y');
    $dump->copy('a', 'c');
    $dump->edit('c/in/x', "changed\n");
    $dump->remove('c/y');
    $dump->file('c/in/new', "new\n");
    $dump->edit('c/in', undef, { p => 1 });
    $dump->edit('a', undef, { p => 2 });
    $dump->edit('a.b', undef, { p => 3 });
    $dump->edit('a/in/x', "changed, too\n");
    $dump->edit('a-1', "changed as well\n");
    $dump->edit('', undef, { p => 4 });
    $dump->remove('b');
    $dump->revision(log => 'z');
    $dump->edit('a/in/x', "changed, too\n", { p => 5 }); # the same content
    $dump->edit('a-1', "changed as well\n"); # nothing
    make('copies', $dump);
    for my $n (1, 2, 3, 3, 2, 1) { # what is known is the same
        my $diff = view("/copies/changeset-diff/$n");
        same($diff, RCAPI::Svn::svn('diff', '--git', '-c', $n, $url{copies}), "r$n");
        next if $n != 2;
        is join(' ', $diff =~ /^Index: (.*)/mg), 'a/in/x a a-1 a.b b/gone b/k c/in/new c/in/x c/in .', 'the order';
    }
    my @args = (repoid => 'copies', start_rev => '1', limit => -1);
    my $list = $t->must(get_repo_changesets => { @args, details => 'extended' });
    my $full = $t->must(get_repo_changesets => { @args, details => 'full' });
    my $names = sub { [map { [sort map { "$_->{op} $_->{filename}" } @{ $_->{diff} }] } @{ $_[0] }] };
    is_deeply $names->($full), $names->($list), 'with diffs';
    is join(' ', map { "$_->{op} $_->{filename}" } map { @{ $_->{diff} } } @$list[1, 2]),
        'A c/in/new A c/in/x M a-1 M a/in/x D b/gone D b/k M a/in/x', 'the files';
};

subtest 'svn patch' => sub {
    my $dump = $dump{random1};
    my ($wc, $trunk) = (fresh(), fresh());
    for my $n (grep { $_ % 4 == 0 } 2 .. $COUNT) {
        my $diff = view("/random1/changeset-diff/$n");
        next if $diff =~ /^Index: .*["\@]/m || $diff =~ /mode 120000/ || $diff =~ /\r/
            || "@{[ %{ files_of($dump->{trees}[$n]) } ]}" =~ /\0/;
        spew("$t->{dir}/scratch/patch", $diff);
        remove_tree("$wc/wc");
        RCAPI::Svn::svn('checkout', '-q', '-r', $n - 1, $url{random1}, "$wc/wc");
        my $said = RCAPI::Svn::svn({ dir => "$wc/wc" }, 'patch', "$t->{dir}/scratch/patch");
        unlike $said, qr/reject|skipped|Summary of conflicts/i, "r$n is taken whole" or diag $said, $diff;
        is_deeply clean(on_disk("$wc/wc")), clean(files_of($dump->{trees}[$n])), "r$n at the root";
        my @deep = split /^(?=Index: )/m, $diff;
        next if grep { !m{\AIndex: trunk/} } @deep;
        remove_tree("$trunk/wc");
        RCAPI::Svn::svn('checkout', '-q', '-r', $n - 1, "$url{random1}/trunk", "$trunk/wc");
        RCAPI::Svn::svn({ dir => "$trunk/wc" }, 'patch', '--strip', 1, "$t->{dir}/scratch/patch");
        is_deeply clean(on_disk("$trunk/wc")), clean(files_of($dump->{trees}[$n], 'trunk')), "r$n in trunk";
    }
};

# A checkout converts line ends of files with svn:eol-style.
sub clean { my ($files) = @_; $_->[1] =~ s/\r//g for values %$files; return $files }

subtest 'one file in two revisions' => sub {
    my $tree = $dump{random1}{trees};
    my %seen;
    for my $n (2 .. $COUNT) {
        for my $path (sort keys %{ $tree->[$n] }) {
            my ($was, $is) = ($tree->[ $n - 1 ]{$path}, $tree->[$n]{$path});
            next if !$was || $was == $is;
            next if grep { !defined $_->[0] || $_->[0] =~ /\0/ || $_->[1]{'svn:special'} } $was, $is;
            next if $path =~ /"/ || $was->[0] eq $is->[0];
            my $name = $path =~ s/([^\w\/])/sprintf '%%%02X', ord $1/ger;
            my $url = $url{random1} . "/$name";
            my $svn = RCAPI::Svn::svn('diff', '--git', '--old', "$url\@" . ($n - 1), '--new', "$url\@$n");
            my $ours = view("/random1/diff/$name?diff1=" . ($n - 1) . "&diff2=$n&diff=raw");
            my ($h1, $h2) = map { s/\nProperty changes on.*//sr =~ s/\A.*?(?=^\@\@)//msr } $ours, $svn;
            # svn prints two sections for what was replaced
            is $h1, $h2, "$path, r$n" if $svn =~ /^\@\@/m && $svn !~ /GIT binary|^deleted file/m;
            $seen{changed}++;
        }
    }
    cmp_ok $seen{changed}, '>', 5, 'files were compared';
};

subtest 'blanks and context' => sub {
    my $dump = RCAPI::Svn->dump;
    my $text = join '', map { "line $_\n" } 1 .. 40;
    $dump->revision(log => 'x');
    $dump->file('a', $text);
    $dump->revision(log => 'y');
    $dump->edit('a', $text =~ s/line 7$/li ne  7 /mr =~ s/line 20$/other/mr =~ s/line 25$/again/mr);
    make('blanks', $dump);
    for my $context (0, 1, 2, 3, 10, 100) {
        is sections(view("/blanks/changeset-diff/2?context=$context")),
            sections(RCAPI::Svn::svn('diff', '--git', '-x', "-U$context", '-c2', $url{blanks})), "-U$context";
        is sections(view("/blanks/changeset-diff/2?context=$context&ignorews=1")),
            sections(RCAPI::Svn::svn('diff', '--git', '-x', "-w -U$context", '-c2', $url{blanks})), "-w -U$context";
    }
};

subtest 'mergeinfo, as svn tells it' => sub {
    my $dump = RCAPI::Svn->dump;
    $dump->revision(log => 'x');
    $dump->dir($_) for 'trunk', 'b';
    for my $info ("/b:1", "/b:1-3\n/c:2*,4", "/c:4", "not: valid", undef) {
        $dump->revision(log => 'y');
        $dump->edit('trunk', undef, { 'svn:mergeinfo' => $info, other => '' });
    }
    make('merges', $dump);
    same(view("/merges/changeset-diff/$_"), RCAPI::Svn::svn('diff', '--git', '-c', $_, $url{merges}), "r$_")
        for 1 .. 6;
};

$t->done;
done_testing;
