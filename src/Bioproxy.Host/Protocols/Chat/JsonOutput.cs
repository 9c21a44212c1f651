using System.Text.Encodings.Web;
using System.Text.Json;

namespace Bioproxy.Host.Protocols.Chat;

/// <summary>How llama-server writes JSON: without white space, and with no more escapes than JSON asks for.</summary>
internal static class JsonOutput
{
    public static JsonSerializerOptions Compact { get; } = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, MaxDepth = 512 };
}
