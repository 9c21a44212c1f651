using System.Buffers;
using System.Text.Json;
using Bioproxy.Host.Admin;

namespace Bioproxy.Host.Dashboard;

/// <summary>An object as a server-sent event.</summary>
internal static class LiveFrame
{
    /// <returns>Complete with the empty line at its end.</returns>
    public static ReadOnlyMemory<byte> Of(string name, Action<Utf8JsonWriter> members)
    {
        var buffer = new ArrayBufferWriter<byte>(16 * 1024);
        buffer.Write(System.Text.Encoding.UTF8.GetBytes($"event: {name}\ndata: "));
        AdminJson.WriteObject(buffer, members, isIndented: false);
        buffer.Write("\n\n"u8);
        return buffer.WrittenMemory;
    }
}
