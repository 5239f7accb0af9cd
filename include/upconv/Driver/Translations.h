//===- Translations.h - What upconv-translate offers ----------------------===//

#ifndef UPCONV_DRIVER_TRANSLATIONS_H
#define UPCONV_DRIVER_TRANSLATIONS_H

namespace upconv {

/// Registers `--import-keras` (JSON text to the keras dialect),
/// `--kernels-to-json` (scheduled upconv text to the kernels' JSON) and
/// `--upconv-to-header` (planned upconv text to the C header).
void registerTranslations();

} // namespace upconv

#endif // UPCONV_DRIVER_TRANSLATIONS_H
