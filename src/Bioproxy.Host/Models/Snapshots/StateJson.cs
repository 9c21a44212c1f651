using System.Text.Json.Serialization;

namespace Bioproxy.Host.Models.Snapshots;

/// <summary>Source-generated JSON of the state folder's own files.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(SnapshotSidecar))]
[JsonSerializable(typeof(FingerprintRecord))]
[JsonSerializable(typeof(string[]))]
[JsonSerializable(typeof(Dictionary<string, double>))]
internal sealed partial class StateJson : JsonSerializerContext;
