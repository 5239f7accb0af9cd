//===- Lookup.cpp - Embedding and masking -------------------------------===//

#include "upconv/Reference/Layers.h"

#include <algorithm>
#include <cmath>

using namespace llvm;

namespace upconv::reference {

Expected<Tensor64> embedding(const Tensor64 &input, const Tensor64 &table) {
  if (table.shape.size() != 2)
    return failure("a table must have rows and columns, got shape " +
                   shapeText(table.shape));
  int64_t rows = table.shape[0], columns = table.shape[1];
  Tensor64 output{input.shape, {}};
  output.shape.push_back(columns);
  for (double number : input.values) {
    if (!(number > -1 && number < rows))
      return failure("the table of " + Twine(rows) + " rows has no row " +
                     Twine(std::to_string(number)));
    auto row = table.values.begin() + int64_t(number) * columns;
    output.values.insert(output.values.end(), row, row + columns);
  }
  return output;
}

Tensor64 masking(const Tensor64 &input, double value) {
  Tensor64 output = input;
  int64_t features = input.shape.back();
  for (size_t first = 0; first < output.values.size(); first += features) {
    auto step = MutableArrayRef(output.values).slice(first, features);
    if (all_of(step, [&](double x) { return x == value; }))
      std::fill(step.begin(), step.end(), 0.0);
  }
  return output;
}

} // namespace upconv::reference
