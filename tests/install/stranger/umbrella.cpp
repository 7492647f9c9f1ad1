// The umbrella header in C++, and a call that must link as C.
#include <renorm/renorm.h>

#include <cstdio>

int main()
{
    rn_info info;
    rn_info_get(&info);
    return std::printf("version %s\n", info.version) > 0 ? 0 : 1;
}
