// Unit tests share the precompiled headers of this translation unit (test/CMakeLists.txt).
