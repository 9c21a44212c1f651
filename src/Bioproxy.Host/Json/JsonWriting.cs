using System.Text.Encodings.Web;
using System.Text.Json;

namespace Bioproxy.Host.Json;

/// <summary>How JSON is written that goes over the wire: as llama-server does it.</summary>
internal static class JsonWriting
{
    /// <summary>Without white space, and with no more escapes than JSON asks for.</summary>
    public static JsonSerializerOptions Relaxed { get; } = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, MaxDepth = 512 };
}
