#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# changeset_patch and changeset_download: the mails that git format-patch writes, byte for byte but
# for the signature; what git am makes of them; series, headers, conditions, limits.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use RCAPI::Git;
use RCAPI::HTTP;
use RCAPI::Run qw(run spew);
use RCAPI::Test;

my $NO_SUCH_COMMIT = 'No such commit exists for this repository';
my $t = RCAPI::Test->new(
    children => 1, threads => 6, directives => "RcapiExpensiveMax 1\nRcapiRangeMax 3M 2\n",
    whitelist => 'ChangesetController:changeset_patch, ChangesetController:changeset_download',
);
my $repo = $t->repo('history', commits => 60, seed => 5);
$t->repo('void', empty => 1);
my @order = order($repo);
my $tip = $order[-1];

sub git { my ($in, @args) = @_; return $t->git($in->{path}, @args) }

sub order { return split /\n/, git($_[0], 'rev-list', '--reverse', '--date-order', '--branches', '--tags') }

my %parents; # of all commits that are asked about

sub parents {
    my ($in, $id) = @_;
    if (!$parents{$id}) {
        $parents{ $_->[0] } = $_ for map { [split] } split /\n/, git($in, 'rev-list', '--parents', '--all', $id);
    }
    return @{ $parents{$id} }[1 .. 9];
}

sub is_merge { return defined((parents(@_))[1]) }

# Both without their signatures, which say who wrote them.
sub unsigned { return $_[0] =~ s/^-- \n[^\n]+\n\n/-- \nsomebody\n\n/gmr }

sub patch_of {
    my ($in, $rev, $query) = @_;
    my $a = $t->get("/$in->{name}/changeset-patch/$rev" . ($query ? "?$query" : ''), as => 'admin');
    return $a->status == 200 ? unsigned($a->body) : $a->status . ' ' . $a->body;
}

sub format_patch {
    my ($in, @args) = @_;
    return unsigned(git($in, 'format-patch', '--stdout', '--full-index', '--binary', @args));
}

# The one mail of a commit. git has none for a merge: that of the same commit with one parent.
my %wanted; # git was asked once

sub wanted {
    my ($in, $id, @options) = @_;
    return $wanted{"$in->{name} $id @options"} //= wanted_anew(@_);
}

sub wanted_anew {
    my ($in, $id, @options) = @_;
    return format_patch($in, @options, '-1', $id) if !is_merge($in, $id);
    my $raw = git($in, 'cat-file', 'commit', $id) =~ s/^(parent \S+\n)(?:parent \S+\n)+/$1/mr;
    my $single = RCAPI::Git::write_object($in->{path}, 'commit', $raw);
    return format_patch($in, @options, '-1', $single) =~ s/^From $single/From $id/mr;
}

subtest 'every commit' => sub {
    is(patch_of($repo, $_), wanted($repo, $_), $_) for @order;
    is(grep({ is_merge($repo, $_) } @order) > 2, 1, 'merges among them');
};

subtest 'parameters' => sub {
    my @some = @order[grep { $_ % 8 == 0 } 0 .. $#order];
    for my $case (['context=0', '-U0'], ['context=7', '-U7'], ['ignorews=1', '-w'],
        ['ignorews=1&context=1', '-w', '-U1'], ['context=x', '-U3']) {
        my ($query, @options) = @$case;
        is(scalar(grep { patch_of($repo, $_, $query) ne wanted($repo, $_, @options) } @some), 0, $query);
    }
};

# --- commits made by hand

# A repository that holds one commit after the other on one branch, each from a raw commit object.
sub chain {
    my ($name, $n, $make) = @_;
    return $t->repo($name, build => sub {
        my ($work) = @_;
        my $parent;
        for my $i (0 .. $n - 1) {
            my $raw = $make->($work, $i);
            my $tree = $t->git($work, 'write-tree') =~ s/\n//r;
            $raw = "tree $tree\n" . ($parent ? "parent $parent\n" : '') . $raw;
            $parent = RCAPI::Git::write_object("$work/.git", 'commit', $raw);
        }
        $t->git($work, 'update-ref', 'refs/heads/master', $parent);
    });
}

# Puts a file into the index.
sub stage {
    my ($work, $path, $data, $mode) = @_;
    my $id = RCAPI::Git::write_object("$work/.git", 'blob', $data);
    RCAPI::Git::git($work, { stdin => ($mode // '100644') . " $id\t$path\0" }, qw(update-index -z --index-info));
}

sub unstage {
    my ($work, $path) = @_;
    RCAPI::Git::git($work, { stdin => "0 " . '0' x 40 . "\t$path\0" }, qw(update-index -z --index-info))
}

my $AUTHOR = 'author A U Thor <a@example.org> 1200000000 +0100';
my $COMMITTER = 'committer C <c@example.org> 1200000000 +0000';
my $e = "\xc3\xa9"; # e acute
my $wide = "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e";

# [name, am or not, author line, message, more head lines, message as it comes back]. "am": git am
# brings back author, date and message. "no": it does not, from git's own mail either (it cuts a dot
# at the end of a name, a name of over 60 bytes, tags in brackets, blanks and all from "---" on; it
# ends at years past 2099, and takes lines for headers and diffs that are none); then the same bytes
# as git's are what counts.
my @TEXTS = (
    ['plain', am => $AUTHOR, "subject\n"],
    ['without a newline at the end', am => $AUTHOR, "subject", '', "subject\n"],
    ['a body', am => $AUTHOR, "subject\n\nbody\nmore\n"],
    ['two lines of subject', no => $AUTHOR, "first line\nsecond line\n\nbody\n"],
    ['blanks at the ends of lines', no => $AUTHOR, "subject  \t\n \nbody \t\n\n\n\n  indented\r\n\n\n"],
    ['blank lines first', no => $AUTHOR, "\n\n  \nsubject\n\n\nbody\n"],
    ['a long subject', am => $AUTHOR, join(' ', map { "word$_" } 1 .. 60) . "\n"],
    ['one long word', am => $AUTHOR, 'x' x 300 . "\n"],
    ['a long word at the end', am => $AUTHOR, 'short ' . 'y' x 90 . "\n"],
    ['tabs in the subject', no => $AUTHOR, "a\tb\tc " . "tab\there " x 20 . "end\n"],
    ['several blanks', no => $AUTHOR, 'a  b   c ' . 'two  blanks ' x 12 . "end\n"],
    ['control characters', no => $AUTHOR, "a\x01b\x7fc\x0bd " . "\x02x " x 50 . "end\n\nb\x01ody\n"],
    ['escape', am => $AUTHOR, "an \x1b[31mescape\n"],
    ['an accent', am => $AUTHOR, "caf$e\n"],
    ['a long subject with accents', am => $AUTHOR, join(' ', map { "m${e}t$_" } 1 .. 40) . "\n"],
    ['wide characters', am => $AUTHOR, $wide x 20 . "\n\n$wide\n"],
    ['four bytes', am => $AUTHOR, "\xf0\x9f\x98\x80" x 20 . "\n"],
    ['an accent in the body only', am => $AUTHOR, "plain\n\ncaf$e\n"],
    ['an encoded word as it is', am => $AUTHOR, "=?UTF-8?q?not=20really?=\n"],
    ['signs that are encoded', am => $AUTHOR, "a=b?c_d $e = ? _ end\n"],
    ['not UTF-8', no => $AUTHOR, "latin1 \xe9\xff here\n\nbody \xe9\n"],
    ['no characters', no => $AUTHOR, "$e \xef\xbf\xbe \xef\xbf\xbf \xed\xa0\x80 \xc0\x80 \xf4\x90\x80\x80\n"],
    ['Latin-1', am => $AUTHOR, "caf\xe9\n\nl'\xe9t\xe9\n", "encoding ISO-8859-1\n", "caf$e\n\nl'${e}t$e\n"],
    ['latin-1', am => $AUTHOR, "caf\xe9\n", "encoding latin-1\n", "caf$e\n"],
    ['UTF-8 by name', am => $AUTHOR, "caf$e\n", "encoding utf8\n"],
    ['Shift-JIS', am => $AUTHOR, "\x93\xfa\x96\x7b\n", "encoding Shift_JIS\n", "\xe6\x97\xa5\xe6\x9c\xac\n"],
    ['an unknown encoding', no => $AUTHOR, "caf\xe9\n", "encoding klingon\n"],
    ['a wrong encoding', no => $AUTHOR, "caf\xe9\n", "encoding EUC-JP\n"],
    ['ASCII in another encoding', am => $AUTHOR, "plain\n", "encoding ISO-8859-1\n"],
    ['a mergetag', am => $AUTHOR, "subject\n", "mergetag object " . '1' x 40
        . "\n author X <x> 1 +0000\n\x20\n tag\n"],
    ['From in the body', no => $AUTHOR, "subject\n\nFrom here on\n>From there\nFrom " . '1' x 40
        . " Mon Sep 17 00:00:00 2001\n"],
    ['dashes in the body', no => $AUTHOR, "subject\n\nabove\n---\nbelow\n"],
    ['a diff in the body', no => $AUTHOR, "subject\n\ndiff --git a/x b/x\nIndex: x\n-- \nsignature\n"],
    ['headers in the body', no => $AUTHOR, "subject\n\nFrom: Someone <s\@example.org>\nSubject: other\n"],
    ['a subject in brackets', no => $AUTHOR, "[tag] Re: subject\n"],
    ['scissors', am => $AUTHOR, "subject\n\n-- >8 --\nbody\n"],
    ['no message', no => $AUTHOR, ''],
    ['a blank message', no => $AUTHOR, " \n\t\n"],
    ['no text at all', no => $AUTHOR, undef],
    ['a NUL', no => $AUTHOR, "sub\0ject\n\nbody\n"],
    ['a large body', am => $AUTHOR, "subject\n\n" . join('', map { "line $_ " . 'x' x 60 . "\n" } 1 .. 3000)],
    ['a name with an accent', am => "author J$e Dupont <j\@example.org> 1200000000 -0330", "subject\n"],
    ['a name with accents and signs', no => "author J$e (\"Q\" _=?) D.-J. <j\@example.org> 1200000000 -0330",
        "subject\n"],
    ['a wide name', am => "author $wide$wide$wide$wide <j\@example.org> 1200000000 +0900", "subject\n"],
    ['dots and quotes', no => 'author A. "Q" U. <a@example.org> 1200000000 +0545', "subject\n"],
    ['a backslash', am => 'author A \\ B <a@example.org> 1200000000 +0545', "subject\n"],
    ['a comma', am => 'author Thor, A U <a@example.org> 1200000000 +1400', "subject\n"],
    ['brackets', no => 'author A (B) [C]; D: E@F <a@example.org> 1200000000 -1200', "subject\n"],
    ['a long name', no => 'author ' . join(' ', map { "Name$_" } 1 .. 30) . ' <a@example.org> 1200000000 +0000',
        "subject\n"],
    ['a long name in quotes', no => 'author ' . join(' ', map { "N. $_" } 1 .. 40)
        . ' <a@example.org> 1200000000 +0000', "subject\n"],
    ['a long name with accents', no => "author " . "$e l" x 40 . ' <a@example.org> 1200000000 +0000', "subject\n"],
    ['a long address', am => 'author Name <' . 'a' x 90 . '@example.org> 1200000000 +0000', "subject\n"],
    ['a name and address that just fit', am => 'author ' . 'n' x 40 . ' <' . 'a' x 29 . '> 1200000000 +0000',
        "subject\n"],
    ['a byte more', am => 'author ' . 'n' x 40 . ' <' . 'a' x 30 . '> 1200000000 +0000', "subject\n"],
    ['no name', no => 'author <a@example.org> 1200000000 +0000', "subject\n"],
    ['no address', no => 'author Name <> 1200000000 +0000', "subject\n"],
    ['neither', no => 'author <> 1200000000 +0000', "subject\n"],
    ['no brackets', no => 'author Name 1200000000 +0000', "subject\n"],
    ['odd brackets', no => 'author A <B <c@d> e> 1200000000 +0000', "subject\n"],
    ['blanks around', no => 'author  Blank   < a@b >  1200000000   +0000 ', "subject\n"],
    ['not UTF-8 in a name', no => "author J\xe9 <j\@example.org> 1200000000 +0000", "subject\n"],
    ['a name in Latin-1', am => "author J\xe9 <j\@example.org> 1200000000 +0000", "caf\xe9\n", "encoding ISO-8859-1\n",
        "caf$e\n"],
    ['an escape in a name', no => "author J\x1b <j\@example.org> 1200000000 +0000", "subject\n"],
    ['no date', no => 'author A <a@b>', "subject\n"],
    ['no zone', no => 'author A <a@b> 1200000000', "subject\n"],
    ['a zone of words', no => 'author A <a@b> 1200000000 UTC', "subject\n"],
    ['an odd zone', no => 'author A <a@b> 1200000000 +9961', "subject\n"],
    ['a short zone', no => 'author A <a@b> 1200000000 -1', "subject\n"],
    ['a date of words', no => 'author A <a@b> yesterday +0000', "subject\n"],
    ['the first second', am => 'author A <a@b> 0 +0000', "subject\n"],
    ['a far date', no => 'author A <a@b> 4102444800 +0000', "subject\n"],
    ['a very far date', no => 'author A <a@b> 99999999999 +0000', "subject\n"],
    ['beyond all dates', no => 'author A <a@b> 99999999999999999999999999 +0000', "subject\n"],
    ['two authors', no => "author A <a\@b> 1 +0000\nauthor B <b\@c> 2 +0000", "subject\n"],
);

my $texts = chain('texts', scalar @TEXTS, sub {
    my ($work, $i) = @_;
    my (undef, undef, $author, $message, $head) = @{ $TEXTS[$i] };
    stage($work, "file$i", "content $i\n");
    return "$author\n$COMMITTER\n" . ($head // '') . (defined $message ? "\n$message" : '');
});

# git refuses to read some of these: then there is nothing to compare with.
sub try_wanted { my @args = @_; my $text = eval { wanted(@args) }; return $text }

subtest 'texts' => sub {
    my @ids = order_of_chain($texts);
    for my $i (0 .. $#TEXTS) {
        my $want = try_wanted($texts, $ids[$i]);
        isnt($want, undef, "git has a mail: $TEXTS[$i][0]");
        is(patch_of($texts, $ids[$i]), $want, $TEXTS[$i][0]);
    }
};

# Oldest first; equal dates leave the order to the parents.
sub order_of_chain { my ($in) = @_; return split /\n/, git($in, 'rev-list', '--reverse', '--first-parent', 'master') }

# What git am makes of our mail on the commit's parent: the name of the new commit, or undef.
my $am_dir;

sub am {
    my ($in, $id, $mail) = @_;
    $am_dir //= do { my $dir = $t->dir . '/am'; RCAPI::Git::init($dir); $dir };
    my ($parent) = parents($in, $id);
    $t->git($am_dir, 'fetch', '-q', $in->{path}, '+refs/heads/*:refs/from/*') if (our $fetched //= '') ne $in->{path};
    $fetched = $in->{path};
    if ($parent) {
        $t->git($am_dir, 'checkout', '-q', '-f', '--detach', $parent);
    } else {
        $t->git($am_dir, 'checkout', '-q', '--orphan', 'x' . ++(our $orphans));
        $t->git($am_dir, 'rm', '-rfq', '--cached', '--ignore-unmatch', '.');
    }
    $t->git($am_dir, 'clean', '-fdxq', '-f');
    my $r = run({ stdin => $mail,
        env => { %ENV, HOME => $t->dir, GIT_COMMITTER_NAME => 'C', GIT_COMMITTER_EMAIL => 'c@example.org' } },
        'git', '-C', $am_dir, qw(-c core.autocrlf=false -c maintenance.auto=false),
        qw(am -q --keep-cr --whitespace=nowarn));
    if ($r->{exit}) {
        diag($r->{err});
        run({}, 'rm', '-rf', "$am_dir/.git/rebase-apply");
        return;
    }
    return 'HEAD';
}

# What git says of commits: of one, or of all on the way to it, by id.
sub told {
    my ($dir, $id, $format) = @_;
    return $t->git($dir, 'log', '-1', '--encoding=UTF-8', "--format=$format", $id)
}

sub told_of_all {
    my ($dir, $id, $format) = @_;
    return { map { /^(\w+) (.*)\z/s ? ($1 => $2) : () }
        split /\0/, $t->git($dir, 'log', '-z', '--encoding=UTF-8', "--format=format:%H $format", $id) };
}

subtest 'git am: authors, dates, messages' => sub {
    my @ids = order_of_chain($texts);
    my $wanted = told_of_all($texts->{path}, $ids[-1], '%T%n%an%n%ae%n%ad');
    for my $i (grep { $TEXTS[$_][1] eq 'am' } 0 .. $#TEXTS) {
        my ($name, undef, undef, $message, undef, $converted) = @{ $TEXTS[$i] };
        my $mail = $t->get("/texts/changeset-patch/$ids[$i]", as => 'admin')->body;
        my $new = am($texts, $ids[$i], $mail) // do { fail("am: $name"); next };
        my ($about, $text) = split /\0/, told($am_dir, $new, '%T%n%an%n%ae%n%ad%x00%B'), 2;
        is($about, $wanted->{ $ids[$i] }, "tree, author, date: $name");
        is($text =~ s/\n\n\z/\n/r, $converted // $message, "message: $name");
    }
};

# --- changes made by hand: all of them come back by git am

my @lines = map { "line $_\n" } 1 .. 40;
my $noise = join '', map { chr(($_ * 7919 + int($_ / 251)) % 256) } 1 .. 3000;
my @CHANGES = (
    ['a first file', sub { stage($_[0], 'text', join '', @lines) }],
    ['a binary', sub { stage($_[0], 'bin', "\0$noise") }],
    ['a binary that grows', sub { stage($_[0], 'bin', "\0$noise$noise" . 'x' x 10) }],
    ['a binary that is another', sub { stage($_[0], 'bin', "\0other") }],
    ['a binary renamed', sub { unstage($_[0], 'bin'); stage($_[0], 'dir/bin', "\0other") }],
    ['a binary made executable', sub { stage($_[0], 'dir/bin', "\0other", '100755') }],
    ['text to binary', sub { stage($_[0], 'text2', "text\n"); stage($_[0], 'text', "\0\1\2") }],
    ['binary to text', sub { stage($_[0], 'text', join '', @lines) }],
    ['mode and content', sub { stage($_[0], 'text', join('', @lines, "x\n"), '100755') }],
    ['mode', sub { stage($_[0], 'text', join('', @lines, "x\n")) }],
    ['an empty file', sub { stage($_[0], 'empty', '') }],
    ['an empty file moved', sub { unstage($_[0], 'empty'); stage($_[0], 'dir/empty', '') }],
    ['no newline at the end', sub { stage($_[0], 'text', join('', @lines, 'x')) }],
    ['a rename', sub { unstage($_[0], 'text'); stage($_[0], 'dir/text', join('', @lines, 'x')) }],
    ['a rename within', sub { unstage($_[0], 'dir/text'); stage($_[0], 'dir/sub/text', join('', @lines, 'x')) }],
    ['a rename aside', sub {
        unstage($_[0], 'dir/sub/text');
        stage($_[0], 'dir/other/text', join('', @lines, "y\n"))
    }],
    ['a rename with a mode', sub {
        unstage($_[0], 'dir/other/text');
        stage($_[0], 'top', join('', @lines, "y\n"), '100755')
    }],
    ['a rename of parts', sub { unstage($_[0], 'top'); stage($_[0], 'a/b/c/d', join '', @lines) }],
    ['a part that goes', sub { unstage($_[0], 'a/b/c/d'); stage($_[0], 'a/c/d', join '', @lines) }],
    ['a part that comes', sub { unstage($_[0], 'a/c/d'); stage($_[0], 'a/c/c/d', join '', @lines) }],
    ['a part twice', sub { unstage($_[0], 'a/c/c/d'); stage($_[0], 'a/c/c/c/d', join '', @lines) }],
    ['a link', sub { stage($_[0], 'link', 'target', '120000') }],
    ['a link to elsewhere', sub { stage($_[0], 'link', 'elsewhere', '120000') }],
    ['a link that becomes a file', sub { stage($_[0], 'link', "elsewhere\nand\nmore\n") }],
    ['a file that becomes a link', sub { stage($_[0], 'link', 'elsewhere', '120000') }],
    ['bytes in files', sub { stage($_[0], 'same', "\0bytes") ; stage($_[0], 'same2', 'x') }],
    ['the same bytes in links', sub {
        stage($_[0], 'same', "\0bytes", '120000');
        stage($_[0], 'same2', 'x', '120000')
    }, 'no'],
    ['which go', sub { unstage($_[0], $_) for qw(same same2) }, 'no'],
    ['a submodule', sub { $t->git($_[0], 'update-index', '--add', '--cacheinfo', '160000,' . '1' x 40 . ',sub') },
        'no'],
    ['a submodule that moves on', sub { $t->git($_[0], 'update-index', '--cacheinfo', '160000,' . '2' x 40 . ',sub') },
        'no'],
    ['a submodule that goes', sub { unstage($_[0], 'sub') }, 'no'],
    ['odd names', sub { stage($_[0], $_, "$_\n") for 'a b', ' lead', "tab\there", 'qu"ote', 'back\\slash', "caf$e",
        "\xff\xfe", "new\nline", '-dash', 'a => b', '{c}' }],
    ['odd names changed', sub { stage($_[0], $_, "$_\nx\n") for 'a b', "tab\there", 'qu"ote', "\xff\xfe", "caf$e",
        'a => b' }],
    ['odd names moved', sub {
        my ($w) = @_;
        unstage($w, "caf$e");
        stage($w, "dir/caf$e", "caf$e\nx\n");
        unstage($w, 'a b');
        stage($w, 'c d', "a b\nx\n")
    }],
    ['a long name', sub { stage($_[0], join('/', map { "directory$_" } 1 .. 12) . '/file', "x\n") }],
    ['a long name without a slash', sub { stage($_[0], 'n' x 120, "x\n") }],
    ['a long name moved', sub { unstage($_[0], 'n' x 120); stage($_[0], 'dir/' . 'n' x 120, "x\n") }],
    ['a long name and many lines', sub {
        stage($_[0], 'dir/' . 'n' x 120, join '', map { "$_\n" } 1 .. 777);
        stage($_[0], 'text2', "1\n2\n")
    }],
    ['bars that are scaled', sub {
        my ($w) = @_;
        stage($w, "scale$_", join '', map { "$_\n" } 1 .. 3 ** $_) for 0 .. 8
    }],
    ['bars both ways', sub {
        my ($w) = @_;
        stage($w, "scale$_", join '', map { $_ % 3 ? "$_\n" : "new $_\n" } 1 .. 3 ** $_) for 0 .. 8
    }],
    ['bars and a binary', sub {
        my ($w) = @_;
        stage($w, 'scale8', "one\n");
        stage($w, 'large', "\0" . $noise x 40);
        stage($w, 'text2', "1\n")
    }],
    ['a large binary alone', sub { stage($_[0], 'large', "\0" . $noise x 41 . 'end') }],
    ['only blanks', sub { stage($_[0], 'text2', "1  \n") }],
    ['line ends', sub { stage($_[0], 'crlf', "a\r\nb\r\nc\rd\n") }],
    ['a line like a mail', sub { stage($_[0], 'mail', "From x\n-- \n--- a\n+++ b\n@@ -1 +1 @@\nFrom " . '1' x 40
        . " Mon Sep 17 00:00:00 2001\n") }],
    ['and without it', sub { stage($_[0], 'mail', "-- \n") }],
    ['nothing', sub { }, 'nothing'],
    ['a file becomes a directory', sub { unstage($_[0], 'text2'); stage($_[0], 'text2/in', "1  \n") }],
    ['all go', sub { $t->git($_[0], 'read-tree', '--empty') }],
);

my $changes = chain('changes', scalar @CHANGES, sub {
    my ($work, $i) = @_;
    $CHANGES[$i][1]->($work);
    return "$AUTHOR\n$COMMITTER\n\n$CHANGES[$i][0]\n";
});

subtest 'changes' => sub {
    my @ids = order_of_chain($changes);
    my $about = told_of_all($changes->{path}, $ids[-1], '%T%n%B');
    for my $i (0 .. $#CHANGES) {
        my ($name, undef, $kind) = (@{ $CHANGES[$i] }, '');
        for my $case (['', '-U3'], ['context=0', '-U0'], ['ignorews=1', '-w']) {
            my ($query, @options) = @$case;
            is(patch_of($changes, $ids[$i], $query), wanted($changes, $ids[$i], @options), "$name $query");
        }
        next if $kind;
        my $new = am($changes, $ids[$i], $t->get("/changes/changeset-patch/$ids[$i]", as => 'admin')->body);
        is($new && told($am_dir, $new, '%T%n%B') =~ s/\n+\z//r, $about->{ $ids[$i] } =~ s/\n+\z//r, "am: $name");
    }
    is(patch_of($changes, $ids[-3]), '', 'a commit that changes nothing has no mail');
    is($t->last->status, 200, 'and is there');
};

# --- series

subtest 'series' => sub {
    my @ids = order_of_chain($changes);
    my $series = unsigned($t->get("/changes/changeset-patch/$ids[1]...$ids[20]", as => 'admin')->body);
    is($series, format_patch($changes, "$ids[0]..$ids[20]"), 'as git numbers them');
    is(patch_of($changes, "$ids[4]...$ids[8]", 'context=1'), format_patch($changes, '-U1', "$ids[3]..$ids[8]"),
        'of less than ten, with a parameter');
    is(patch_of($changes, '0...2'), format_patch($changes, '--root', $ids[2]), 'with the first commit');
    is(patch_of($changes, "$ids[-3]...$ids[-2]"), format_patch($changes, "$ids[-4]..$ids[-2]"),
        'one that changes nothing is counted');
    is(patch_of($changes, "$ids[7]...$ids[7]"), wanted($changes, $ids[7]), 'of one');
    my $all = $t->get("/changes/changeset-patch/0...$#ids", as => 'admin');
    is($all->status, 200, 'all');
    my $new = am($changes, $ids[1], $t->get("/changes/changeset-patch/1...24", as => 'admin')->body);
    is($new && told($am_dir, $new, '%T'), told($changes->{path}, $ids[24], '%T'), 'git am takes a series');
};

# The mails of these commits, in this order; numbers and blank lines apart they are the single ones.
sub mails_of {
    my ($in, @ids) = @_;
    my @plain = grep { !is_merge($in, $_) } @ids;
    my ($n, $want) = (0, '');
    for (@plain) {
        my $mail = wanted($in, $_);
        my $number = @plain > 1 ? sprintf '[PATCH %0*d/%d]', length scalar(@plain), ++$n, scalar @plain : '[PATCH]';
        next if $mail eq '';
        $want .= ($want eq '' ? '' : "\n") . $mail =~ s/^(Subject: )\[PATCH\]/$1$number/mr;
    }
    return $want;
}

my %reached; # all that a commit reaches

# What `git format-patch a^..b` mails when b reaches a, else all that lies between in our order.
sub series_of {
    my ($in, $order, $from, $to) = @_;
    my ($a, $b) = @$order[$from, $to];
    my $reached = ($reached{"$in->{name} $b"} //= git($in, 'rev-list', $b)) =~ /^$a$/m;
    return mails_of($in, @$order[$from .. $to]) if !$reached;
    my ($parent) = parents($in, $a);
    return format_patch($in, $parent ? "$parent..$b" : ('--root', $b));
}

sub check_series {
    my ($in, @pairs) = @_;
    my @ids = order($in);
    for (@pairs ? @pairs : map { my $i = $_; map { [$i, $_] } $i .. $#ids } 0 .. $#ids) {
        my ($from, $to) = @$_;
        is(patch_of($in, "$ids[$from]...$ids[$to]"), series_of($in, \@ids, $from, $to), "$from...$to") or return;
    }
}

subtest 'series with merges' => sub {
    my ($merge) = grep { is_merge($repo, $order[$_]) } 0 .. $#order;
    check_series($repo, [0, $#order], [$merge, $merge], [$merge, $#order], [1, $merge + 2],
        map { [$_, $_ + 7] } grep { $_ % 8 == 0 } 0 .. $#order - 7);
    like(patch_of($repo, $order[$merge]), qr/^From $order[$merge] /, 'a single merge has a mail');
};

# Branches side by side, merges of two and three, dates that are equal or run backwards, two roots.
subtest 'series of a branch' => sub {
    my $r = $t->repo('branches', build => sub {
        my ($work) = @_;
        my $n = 0;
        my $commit = sub {
            my ($branch, $date, @parents) = @_;
            spew("$work/" . (split '/', $branch)[-1], ++$n . "\n");
            $t->git($work, qw(add -A));
            my $tree = $t->git($work, 'write-tree') =~ s/\n//r;
            my $raw = "tree $tree\n" . join('', map { "parent $_\n" } @parents)
                . "author A <a\@x.org> $date +0000\ncommitter A <a\@x.org> $date +0000\n\n$branch $n\n";
            my $id = $t->git($work, { stdin => $raw }, qw(hash-object -t commit -w --stdin)) =~ s/\n//r;
            $t->git($work, 'update-ref', "refs/heads/$branch", $id);
            return $id;
        };
        my @main = $commit->('main', 1000);
        push @main, $commit->('main', 1000 + $_ % 3, $main[-1]) for 1 .. 4;
        my @side = $commit->('side', 1002, $main[1]);
        push @side, $commit->('side', 900 + $_, $side[-1]) for 1 .. 3;
        my $root = $commit->('root', 1001);
        my $two = $commit->('main', 1002, $main[-1], $side[-1]);
        my $three = $commit->('main', 1001, $two, $commit->('topic', 2000, $side[0]), $root);
        $commit->('main', 1002, $three);
        $commit->('side', 1003, $side[-1]);
        $t->git($work, qw(symbolic-ref HEAD refs/heads/main));
        $t->git($work, qw(reset -q --hard));
    });
    check_series($r);
    my @ids = order($r);
    my ($from) = grep { git($r, qw(log -1 --format=%s), $ids[$_]) =~ /^side/ } 0 .. $#ids;
    my $tip = $t->git($r->{path}, qw(rev-parse refs/heads/side)) =~ s/\n//r;
    my $new = am($r, $ids[$from], $t->get("/branches/changeset-patch/$ids[$from]...side", as => 'admin')->body);
    is($new && told($am_dir, $new, '%T'), told($r->{path}, $tip, '%T'), 'git am takes the series of a branch');
};

# --- the answer

subtest 'forms of a revision, and none' => sub {
    my $want = patch_of($repo, $tip);
    is(patch_of($repo, $_), $want, "revision $_") for 'tip', $#order, substr($tip, 0, 10);
    for my $rev ('nope', scalar @order, 'f' x 40, "$order[0]..$tip", "$tip...$order[0]", "$tip...nope", "nope...$tip",
        "...$tip", "$tip...", '...', '--root', 'a' x 3000) {
        for my $view (qw(patch download)) {
            my $a = $t->get("/history/changeset-$view/$rev", as => 'admin');
            is($a->status . ' ' . $a->body, "404 $NO_SUCH_COMMIT", "$view: no " . substr $rev, 0, 50);
            is($a->header('Content-Disposition'), undef, 'no disposition');
        }
    }
    for my $view (qw(patch download)) {
        is($t->get("/void/changeset-$view/$_", as => 'admin')->body, $NO_SUCH_COMMIT, "$view: empty repository, $_")
            for 'tip', '0', '0...1';
    }
};

subtest 'download' => sub {
    my ($a, $b) = @order[5, 9];
    my $want = join '', map {
        my ($p) = parents($repo, $_);
        git($repo, 'diff', '--full-index', '--binary', '-M', $p, $_)
    } @order[5 .. 9];
    my $got = $t->get("/history/changeset-download/$a...$b", as => 'admin');
    is($got->body, $want, 'the diffs of a range');
    is($got->header('Content-Disposition'), 'attachment; filename=' . substr($a, 0, 12) . '.diff', 'name of a range');
    is($got->header('Content-Type'), 'text/plain; charset=utf-8', 'type');
    $t->git($repo->{path}, 'branch', $_->[0], $order[5]) for my @names = (
        ['a;b"c=d', 'a_b_c_d'], ["x y", 'x_y'], ["$e$wide-longer-than-that", '____-longer-'],
        ['v1.0-rc_1', 'v1.0-rc_1'], ["\xff\xfeq", '__q'],
    )[0, 2, 3, 4];
    for (@names) {
        my ($rev, $name) = @$_;
        my $url = "/history/changeset-download/" . $rev =~ s/([^A-Za-z0-9._-])/sprintf '%%%02x', ord $1/ger;
        is($t->get($url, as => 'admin')->header('Content-Disposition'), "attachment; filename=$name.diff",
            "name $name");
    }
    $t->git($repo->{path}, 'branch', '-D', $_->[0]) for @names;
};

subtest 'headers and conditions' => sub {
    my $time = git($repo, 'log', '-1', '--format=%ct', $order[20]) + 0;
    my %etags;
    for my $view (qw(patch download)) {
        my $url = "/history/changeset-$view/$order[20]";
        my $a = $t->get($url, as => 'admin');
        my $etag = $a->header('ETag');
        is($a->header('Content-Type'), 'text/plain; charset=utf-8', "$view: type");
        is($a->header('X-Content-Type-Options'), 'nosniff', 'nosniff');
        is($a->header('Content-Length'), length $a->body, 'length');
        is($a->header('Content-Disposition'), $view eq 'patch' ? undef : 'attachment; filename='
            . substr($order[20], 0, 12) . '.diff', 'disposition');
        like($a->header('Cache-Control'), qr/immutable/, 'immutable at an id');
        isnt($a->header('Last-Modified'), undef, 'committer time');
        is($t->get($url, as => 'admin', headers => ['If-None-Match' => $etag])->status, 304, 'not modified');
        is($t->last->body, '', 'without a body');
        is($t->get($url, as => 'admin', headers => ['If-Modified-Since' => $a->header('Last-Modified')])->status, 304,
            '304 by date');
        my $head = $t->get($url, as => 'admin', method => 'HEAD');
        is($head->body, '', 'HEAD');
        is($head->header('ETag'), $etag, 'with the same ETag');
        is($t->get($url, as => 'admin', headers => [Range => 'bytes=3-12'])->body, substr($a->body, 3, 10), 'a part');
        for my $rev ($order[20], "$order[20]...$order[21]", "$order[19]...$order[20]") {
            $etags{ $t->get("/history/changeset-$view/$rev?$_", as => 'admin')->header('ETag') }++ for '', 'context=1',
                'ignorews=1', 'ignorews=1&context=1';
        }
        my $range = $t->get("/history/changeset-$view/$order[20]...$order[21]", as => 'admin');
        is($range->header('Cache-Control'), 'private, no-cache', 'a range is not immutable');
        is($range->header('Last-Modified'), undef, 'and has no date');
        is($t->get("/history/changeset-$view/20...21", as => 'admin',
            headers => ['If-None-Match' => $range->header('ETag')])->status, 304, '304 of a range');
        is($t->get("/history/changeset-$view/tip", as => 'admin')->header('Cache-Control'), 'private, no-cache',
            'nor is a name');
    }
    is(scalar(keys %etags), 24, 'an ETag for each view, revision and option');
};

subtest 'validators need no object' => sub {
    my $bare = $t->repo('bare', commits => 4, seed => 2);
    my @ids = order($bare);
    my %etag = map { $_ => $t->get("/bare/changeset-patch/$_", as => 'admin')->header('ETag') } $ids[2], '0...3';
    $t->git($bare->{path}, 'repack', '-adq');
    rename "$bare->{path}/objects", "$bare->{path}/gone" or die;
    mkdir "$bare->{path}/objects" or die;
    for my $rev (sort keys %etag) {
        is($t->get("/bare/changeset-patch/$rev", as => 'admin', headers => ['If-None-Match' => $etag{$rev}])->status,
            304, "304 without them: $rev");
        is($t->get("/bare/changeset-patch/$rev", as => 'admin')->status, 500, 'and nothing but');
    }
};

# --- limits

# Two files of noise change places again and again: a small repository with costly diffs.
my $costly = $t->repo('costly', build => sub {
    my ($work) = @_;
    my $parent;
    my $seed = 1;
    my @data = map { "\0" . pack 'N*', map { $seed = ($seed * 1_103_515_245 + 12_345) % 2**31 } 1 .. 50_000 } 1 .. 2;
    my @trees = map { stage($work, 'noise', $_); $t->git($work, 'write-tree') =~ s/\n//r } @data;
    my $stream = '';
    for my $i (0 .. 2999) {
        $stream .= "commit refs/heads/master\nauthor A <a\@b> " . (1_200_000_000 + $i) . " +0000\ncommitter A <a\@b> "
            . (1_200_000_000 + $i)
            . " +0000\ndata 2\nx\nM 040000 $trees[$i % 2] \n\n";
    }
    RCAPI::Git::git($work, { stdin => $stream . "done\n" }, qw(fast-import --quiet --done));
});

subtest 'limits of a range' => sub {
    for my $view (qw(patch download)) {
        my $a = $t->get("/costly/changeset-$view/0...19", as => 'admin');
        is($a->status, 413, "$view: too many bytes");
        is($a->body, 'The answer is larger than 3145728 bytes; ask for a shorter range', 'says so');
        is($a->header($_), undef, "no $_") for 'ETag', 'Content-Disposition';
        is($a->header('Cache-Control'), 'private, no-cache', 'not kept');
        is($t->get("/costly/changeset-$view/0...2", as => 'admin')->status, 200, 'a part is served');
        is($t->get("/costly/changeset-$view/7", as => 'admin')->status, 200, 'a single commit is below them');
    }
    is($t->get('/costly/changeset-patch/0...19?context=1', as => 'admin')->status, 413, 'and again');
    $t->{server}{config} =~ s/RcapiRangeMax 3M 2/RcapiRangeMax 0 1/ or die;
    $t->reload;
    my $a = $t->get('/costly/changeset-patch/0...2999', as => 'admin');
    is($a->status . ' ' . $a->body, '413 The answer takes longer than 1 s to make; ask for a shorter range',
        'too long');
    $t->{server}{config} =~ s/RcapiRangeMax 0 1/RcapiRangeMax 100K/ or die;
    $t->reload;
    for my $view (qw(patch download)) {
        $a = $t->get("/costly/changeset-$view/7", as => 'admin');
        is($a->status . ' ' . $a->body, '413 The answer is larger than 102400 bytes', "a single commit: $view");
    }
    $t->{server}{config} =~ s/RcapiRangeMax 100K/RcapiRangeMax 0 2/ or die;
    $t->reload;
};

# Each of 80 trees names the next one twice.
subtest 'more files than there is room for' => sub {
    my $bomb = $t->repo('bomb', build => sub {
        my ($work) = @_;
        my $id = RCAPI::Git::write_object("$work/.git", 'blob', "x\n");
        my $mode = '100644';
        for (1 .. 80) {
            $id = RCAPI::Git::write_object("$work/.git", 'tree',
                join '', map { "$mode $_\0" . pack 'H*', $id } qw(a b));
            $mode = '40000';
        }
        my $commit = RCAPI::Git::git($work, { stdin => "x\n" }, 'commit-tree', $id) =~ s/\n//r;
        $t->git($work, 'update-ref', 'refs/heads/master', $commit);
    });
    for my $case (['patch', 'tip', ''], ['download', '0...0', '; ask for a shorter range']) {
        my ($view, $rev, $more) = @$case;
        my $a = $t->get("/bomb/changeset-$view/$rev", as => 'admin');
        is($a->status . ' ' . $a->body, "413 A commit changes 1000000 files and directories or more$more", $view);
    }
};

subtest 'one costly range at a time' => sub {
    my ($s, $a);
    for my $try (1 .. 5) { # until the first one is the first at the gate
        $s = RCAPI::HTTP::connect_to($t->port) or die;
        print $s "GET /costly/changeset-patch/0...2999 HTTP/1.1\r\nHost: x\r\nX-Api-Key: " . $t->key('admin')
            . "\r\nConnection: close\r\n\r\n";
        select undef, undef, undef, 0.3 * $try;
        $a = $t->get('/history/changeset-patch/0...39', as => 'admin');
        last if $a->status != 200;
    }
    is($a->status, 503, 'another range finds no place');
    ok($a->header('Retry-After'), 'and is told when to come again');
    is($t->get('/history/changeset-patch/0...7', as => 'admin')->status, 200, 'a short one needs none');
    is($t->get('/history/changeset-patch/0...39', as => 'admin', headers => ['If-None-Match' => '*'])->status, 304,
        'nor does a 304');
    local $/;
    like(scalar(<$s>), qr/^HTTP\/1\.1 413 /, 'the first one has come to its end');
    is($t->get('/history/changeset-patch/0...39', as => 'admin')->status, 200, 'and left its place');
};

subtest 'access' => sub {
    $t->user('bob');
    my $only_raw = $t->get("/history/changeset-diff/tip", as => 'bob');
    is($only_raw->status, 401, 'a view that is not on the whitelist');
    is($t->get("/history/changeset-$_/tip", as => 'bob')->status, 200, "changeset_$_ is") for qw(patch download);
    is($t->get("/history/changeset-$_/tip", as => 'bob', method => 'POST')->status, 405, "$_ by POST")
        for qw(patch download);
};

$t->done;
done_testing;
