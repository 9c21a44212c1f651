using System.Text.Json.Serialization;

namespace Bioproxy.Rag;

/// <summary>JSON by source-generated metadata, so that nothing keeps the plugin in memory.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(RagSettings))]
[JsonSerializable(typeof(RememberedBlocks))]
internal sealed partial class RagJson : JsonSerializerContext;
