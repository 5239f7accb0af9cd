//===- RequirementsUnderTest.c - lib/Runtime/Requirements.c of its own ----===//
//
// The file once more, between a processor and a system that TilesTest.cpp makes
// up.
//
//===----------------------------------------------------------------------===//

#define upconv_rt_cpu_features made_up_features
#define upconv_rt_permit_tiles made_up_permission
#define upconv_rt_cpu_supports tested_supports
#define upconv_rt_prepare tested_prepare
#include "../../../lib/Runtime/Requirements.c"

void tested_forget(void) { known_features = 0; }
