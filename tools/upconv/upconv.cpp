//===- upconv.cpp - The compiler ------------------------------------------===//

#include "upconv/Driver/Driver.h"

int main(int argc, char **argv) { return upconv::driverMain(argc, argv); }
