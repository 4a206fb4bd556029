// SPDX-License-Identifier: Apache-2.0
/*
 * The table of media types for files that repositories usually contain, sorted by extension.
 */
#include "base/mime.h"

#include <stdlib.h>
#include <string.h>

#include <apr_lib.h>

typedef struct ending_t {
    const char *ending, *type;
} ending_t;

/* clang-format off */
static const ending_t endings[] = {
    {"7z", "application/x-7z-compressed"}, {"avi", "video/x-msvideo"}, {"avif", "image/avif"},
    {"bat", "application/x-msdos-program"}, {"bin", "application/octet-stream"},
    {"bmp", "image/x-ms-bmp"}, {"bz2", "application/x-bzip2"}, {"c", "text/x-csrc"},
    {"c++", "text/x-c++src"}, {"cc", "text/x-c++src"}, {"cpp", "text/x-c++src"},
    {"csh", "text/x-csh"}, {"css", "text/css"}, {"csv", "text/csv"}, {"cxx", "text/x-c++src"},
    {"deb", "application/vnd.debian.binary-package"}, {"diff", "text/x-diff"},
    {"doc", "application/msword"},
    {"docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
    {"eot", "application/vnd.ms-fontobject"}, {"eps", "application/postscript"},
    {"exe", "application/x-msdos-program"}, {"gif", "image/gif"}, {"go", "text/x-go"},
    {"gz", "application/gzip"}, {"h", "text/x-chdr"}, {"hh", "text/x-c++hdr"},
    {"hpp", "text/x-c++hdr"}, {"hs", "text/x-haskell"}, {"htm", "text/html"},
    {"html", "text/html"}, {"ico", "image/x-icon"}, {"ini", "text/plain"},
    {"iso", "application/x-iso9660-image"}, {"jar", "application/java-archive"},
    {"java", "text/x-java"}, {"jpeg", "image/jpeg"}, {"jpg", "image/jpeg"},
    {"js", "application/javascript"}, {"json", "application/json"}, {"log", "text/plain"},
    {"lua", "text/x-lua"}, {"m4a", "audio/mp4"}, {"markdown", "text/markdown"},
    {"md", "text/markdown"}, {"mjs", "application/javascript"}, {"mov", "video/quicktime"},
    {"mp3", "audio/mpeg"}, {"mp4", "video/mp4"}, {"mpeg", "video/mpeg"}, {"mpg", "video/mpeg"},
    {"odp", "application/vnd.oasis.opendocument.presentation"},
    {"ods", "application/vnd.oasis.opendocument.spreadsheet"},
    {"odt", "application/vnd.oasis.opendocument.text"}, {"ogg", "audio/ogg"},
    {"otf", "font/otf"}, {"patch", "text/x-diff"}, {"pdf", "application/pdf"},
    {"php", "application/x-httpd-php"}, {"pl", "text/x-perl"}, {"pm", "text/x-perl"},
    {"png", "image/png"},
    {"ppt", "application/vnd.ms-powerpoint"},
    {"pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"},
    {"ps", "application/postscript"}, {"py", "text/x-python"}, {"rar", "application/x-rar"},
    {"rb", "application/x-ruby"}, {"rpm", "application/x-redhat-package-manager"},
    {"rs", "text/rust"}, {"rst", "text/x-rst"}, {"rtf", "application/rtf"},
    {"scala", "text/x-scala"}, {"sh", "application/x-sh"}, {"sql", "application/sql"},
    {"svg", "image/svg+xml"}, {"swf", "application/x-shockwave-flash"},
    {"tar", "application/x-tar"}, {"tcl", "text/x-tcl"}, {"tex", "text/x-tex"},
    {"text", "text/plain"}, {"tgz", "application/x-gtar-compressed"}, {"tif", "image/tiff"},
    {"tiff", "image/tiff"}, {"ts", "text/vnd.trolltech.linguist"}, {"tsv", "text/tab-separated-values"},
    {"ttf", "font/ttf"}, {"txt", "text/plain"}, {"wasm", "application/wasm"},
    {"wav", "audio/x-wav"}, {"webm", "video/webm"}, {"webp", "image/webp"},
    {"woff", "font/woff"}, {"woff2", "font/woff2"}, {"xhtml", "application/xhtml+xml"},
    {"xls", "application/vnd.ms-excel"},
    {"xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
    {"xml", "application/xml"}, {"xsl", "application/xslt+xml"}, {"xz", "application/x-xz"},
    {"yaml", "application/yaml"}, {"yml", "application/yaml"}, {"zip", "application/zip"},
    {"zst", "application/zstd"},
};
/* clang-format on */

/* As strcasecmp, whose call takes longer than to compare the few letters of an ending. */
static int compare(const void *key, const void *row)
{
    const char *ending = ((const ending_t *)row)->ending, *p = key;

    while (*p && apr_tolower(*p) == *ending) {
        p++;
        ending++;
    }
    return apr_tolower(*p) - (unsigned char)*ending;
}

/* Most files of a directory have the same ending, so the last one is tried first. */
static const ending_t *find_ending(const char *ending)
{
    static __thread const ending_t *last;

    if (!last || compare(ending, last))
        last =
            bsearch(ending, endings, sizeof(endings) / sizeof(*endings), sizeof(*endings), compare);
    return last;
}

const char *rc_mime_type(const char *name)
{
    const char *dot = strrchr(name, '.');
    const ending_t *found = dot && !strchr(dot, '/') ? find_ending(dot + 1) : NULL;

    return found ? found->type : NULL;
}

bool rc_mime_is_picture(const char *type)
{
    static const char *const shown[] = {"image/png", "image/gif", "image/jpeg", "image/x-icon"};
    size_t i;

    for (i = 0; i < sizeof(shown) / sizeof(*shown); i++)
        if (!strcmp(type, shown[i]))
            return true;
    return false;
}
