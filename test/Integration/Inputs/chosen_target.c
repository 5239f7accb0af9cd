/* Prints the target whose kernels run on this processor; status 3, and the
 * library's sentence for it, where none does. */

#include HEADER

#include <stdio.h>
#include <string.h>

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
#define F(name) JOIN(NAME, name)

int main(void) {
  static const char key[] = "\"target\":\"";
  int status = F(_prepare)();
  if (status != 0) {
    printf("%s\n", F(_status_string)((F(_status))status));
    return 3;
  }
  const char *target = strstr(F(_describe)()->json, key) + sizeof key - 1;
  printf("%.*s\n", (int)strcspn(target, "\""), target);
  return 0;
}
