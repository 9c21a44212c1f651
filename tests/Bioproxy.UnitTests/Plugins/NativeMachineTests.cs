using System.Buffers.Binary;
using Bioproxy.Host.Plugins;

namespace Bioproxy.UnitTests.Plugins;

public sealed class NativeMachineTests
{
    [Theory]
    [InlineData(62, "linux-x64")]
    [InlineData(183, "linux-arm64")]
    [InlineData(3, "linux-x86")]
    [InlineData(40, "linux-arm")]
    [InlineData(243, "an unknown machine")]
    public void Of_Elf_TellsTheProcessor(ushort machine, string expected)
    {
        var file = new byte[64];
        "\u007fELF"u8.CopyTo(file);
        BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(18), machine);

        Assert.Equal(expected, NativeMachine.Of(file));
    }

    [Theory]
    [InlineData(0x8664, 128, "win-x64")]
    [InlineData(0xAA64, 128, "win-arm64")]
    [InlineData(0x8664, 251, "an unknown machine")] // the header would lie behind the end
    [InlineData(0x8664, -1, "an unknown machine")]
    public void Of_Pe_TellsTheProcessor(ushort machine, int header, string expected)
    {
        var file = new byte[256];
        "MZ"u8.CopyTo(file);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(60), header);
        "PE\0\0"u8.CopyTo(file.AsSpan(128));
        BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(132), machine);

        Assert.Equal(expected, NativeMachine.Of(file));
    }

    [Theory]
    [InlineData(0x0100_0007u, "osx-x64")]
    [InlineData(0x0100_000Cu, "osx-arm64")]
    public void Of_MachO_TellsTheProcessor(uint machine, string expected)
    {
        var file = new byte[64];
        BinaryPrimitives.WriteUInt32LittleEndian(file, 0xFEEDFACF);
        BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(4), machine);

        Assert.Equal(expected, NativeMachine.Of(file));
    }

    [Fact]
    public void Of_FileThatIsTooShort_IsUnknown() => Assert.Equal("an unknown machine", NativeMachine.Of("\u007fELF"u8));

    [Theory]
    [InlineData("runtimes/linux-x64/native/libcapstone.so", "capstone")]
    [InlineData("libssl.so.3", "ssl")]
    [InlineData("capstone.dll", "capstone")]
    [InlineData("liba.b.dylib", "a.b")]
    [InlineData("capstone", "capstone")]
    [InlineData("lib.dll", "lib")]
    public void NameOf_File_IsWhatCodeCallsIt(string file, string expected) => Assert.Equal(expected, NativeLibrary.NameOf(file));
}
