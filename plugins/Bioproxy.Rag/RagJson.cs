using System.Text.Json.Serialization;

namespace Bioproxy.Rag;

/// <summary>Source-generated JSON metadata: reflection would keep the plugin in memory.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(RagSettings))]
[JsonSerializable(typeof(RememberedBlocks))]
internal sealed partial class RagJson : JsonSerializerContext;
