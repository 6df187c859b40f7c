/* Text in Latin-1 and in UTF-8. Both return new memory, or NULL if there is none. */
#ifndef PS_LATIN1_H
#define PS_LATIN1_H

/* NULL also if the text has characters that Latin-1 lacks. */
char *latin1_from_utf8(const char *text);
/* A copy of a text in UTF-8; any other text is taken for Latin-1. */
char *utf8_from_either(const char *text);

#endif
