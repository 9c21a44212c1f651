using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Bioproxy.Host.Plugins;

/// <summary>The kind of machine that a native library is for, read from the beginning of its file: folders and names may lie.</summary>
internal static class NativeMachine
{
    private const string Unknown = "an unknown machine";

    /// <summary>This machine, as in <c>linux-x64</c>: portable, where the runtime's own identifier may name a distribution.</summary>
    public static string Here { get; } =
        $"{(OperatingSystem.IsWindows() ? "win" : OperatingSystem.IsMacOS() ? "osx" : "linux")}-{RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant()}";

    public static string Of(string file)
    {
        var start = new byte[4096];
        using var stream = File.OpenRead(file);
        return Of(start.AsSpan(0, stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false)));
    }

    /// <param name="start">The first bytes of the file.</param>
    public static string Of(ReadOnlySpan<byte> start)
    {
        if (start.Length < 64)
            return Unknown;
        if (start.StartsWith("\u007fELF"u8))
            return Named("linux", BinaryPrimitives.ReadUInt16LittleEndian(start[18..]), x86: 3, x64: 62, arm: 40, arm64: 183);
        if (start.StartsWith("MZ"u8))
        {
            var header = BinaryPrimitives.ReadInt32LittleEndian(start[60..]);
            return header >= 0 && header <= start.Length - 6 && start[header..].StartsWith("PE\0\0"u8)
                ? Named("win", BinaryPrimitives.ReadUInt16LittleEndian(start[(header + 4)..]), x86: 0x14C, x64: 0x8664, arm: 0x1C4, arm64: 0xAA64)
                : Unknown;
        }

        return BinaryPrimitives.ReadUInt32LittleEndian(start) switch
        {
            0xFEEDFACF => Named("osx", BinaryPrimitives.ReadUInt32LittleEndian(start[4..]), x86: 7, x64: 0x0100_0007, arm: 12, arm64: 0x0100_000C),
            0xBEBAFECA => OperatingSystem.IsMacOS() ? Here : "osx", // a universal one: for all kinds of Mac
            _ => Unknown,
        };
    }

    private static string Named(string system, uint machine, uint x86, uint x64, uint arm, uint arm64)
    {
        var kind = machine == x64 ? "x64" : machine == arm64 ? "arm64" : machine == x86 ? "x86" : machine == arm ? "arm" : null;
        return kind is null ? Unknown : $"{system}-{kind}";
    }
}
