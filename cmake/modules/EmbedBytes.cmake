# cmake -DINPUT=x.bc -DOUTPUT=x.c -DSYMBOL=name -P EmbedBytes.cmake: a file as
# a byte array in C, with its size.
file(READ ${INPUT} hex HEX)
string(LENGTH "${hex}" digits)
math(EXPR size "${digits} / 2")
string(REGEX REPLACE "(................................)" "\\1\n" hex "${hex}")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," hex "${hex}")
file(WRITE ${OUTPUT} "/* Made by EmbedBytes.cmake. */
extern const unsigned char ${SYMBOL}[];
extern const unsigned long ${SYMBOL}Size;
const unsigned char ${SYMBOL}[] __attribute__((aligned(8))) = {
${hex}
};
const unsigned long ${SYMBOL}Size = ${size};
")
