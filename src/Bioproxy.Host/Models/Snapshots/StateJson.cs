using System.Text.Json.Serialization;

namespace Bioproxy.Host.Models.Snapshots;

/// <summary>Source-generated JSON of the state folder's own files.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(SnapshotSidecar))]
[JsonSerializable(typeof(FingerprintRecord))]
internal sealed partial class StateJson : JsonSerializerContext;
