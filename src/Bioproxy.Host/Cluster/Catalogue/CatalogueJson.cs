using System.Text.Json.Serialization;

namespace Bioproxy.Host.Cluster.Catalogue;

/// <summary>Source-generated JSON of entries that are kept in no file.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(OpeningRecord))]
internal sealed partial class CatalogueJson : JsonSerializerContext;
