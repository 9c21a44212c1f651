namespace Bioproxy.IntegrationTests.Cluster;

/// <summary>The messages of <see cref="MessageTests"/> as the first version wrote them. Never change one: add the next version's.</summary>
internal static class FirstVersion
{
    public static IReadOnlyDictionary<string, string> Messages { get; } = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["AdminReply"] =
            "MAFdZNe/KWJpb3Byb3h5LmFkbWluLXJlcGx5AEIGQRV0ZXh0L3BsYWluQQMB4A==",
        ["AdminRequest"] =
            "MAEWpPRBLWJpb3Byb3h5LmFkbWluLXJlcXVlc3RAHTEwLjAuMC41OjExMTExQQdHRVRBBy9rdkEJP2E9YkEVdGV4dC9wbGFpbkED"
            + "AeA=",
        ["CatalogueEntry"] =
            "MAGVclMzHWJpb3Byb3h5LmVudHJ5QBVzbmFwc2hvdC9hQQUBAiGAAHh+PW1O3wiBAAAAAAAAAADg4A==",
        ["CatalogueReply"] =
            "MAHygO4bMWJpb3Byb3h5LmNhdGFsb2d1ZS1yZXBseUAhPSwbCgAAAECAAAAAAAAAKgEFAQMhAAMhQBVzbmFwc2hvdC9hQQUBAiGA"
            + "AHh+PW1O3wiBAAAAAAAAAADg4ODg",
        ["CatalogueState"] =
            "MAEfvjkIMWJpb3Byb3h5LmNhdGFsb2d1ZS1zdGF0ZSAAAyFAFXNuYXBzaG90L2FBBQECIYAAeH49bU7fCIEAAAAAAAAAAODg4OA=",
        ["CatalogueSync"] =
            "MAG5X0u3L2Jpb3Byb3h5LmNhdGFsb2d1ZS1zeW5jQB0xMC4wLjAuNToxMTExMUEhPSwbCgAAAECAAAAAAAAAKgEFIQADIUAVc25h"
            + "cHNob3QvYUEFAQIhgAB4fj1tTt8IgQAAAAAAAAAA4ODg4A==",
        ["EstimateRequest"] =
            "MAGiFPTPM2Jpb3Byb3h5LmVzdGltYXRlLXJlcXVlc3RAC21vZGVsAQUBCSFABwECA0EFBAUBDSEBHQEhASXgAQNBD3Nlc3Npb24BAwEp"
            + "AS0BMQEDAQMBAQEBwQEBAQEBATUhAR0BH+DgwQHg",
        ["HeldTurn"] =
            "MAHWXzs/JWJpb3Byb3h5LmhlbGQtdHVybkAhPSwbCgAAAECAAAAAAAAAKkELbW9kZWwBBQEJAQ3g",
        ["PooledModelMessage"] =
            "MAGU19HkK2Jpb3Byb3h5LnBvb2xlZC1tb2RlbEAFbTFBC3JlYWR5gQAAAAAAAPg/AQkBDUEVbl9wYXJhbXM9NEEDNUEDNkEFW10BAwED"
            + "4A==",
        ["PoolMessage"] =
            "MAEUo7iXG2Jpb3Byb3h5LnBvb2xAK2h0dHA6Ly8xMC4wLjAuNTo4MDg4LyEAAyFABW0xQQtyZWFkeYEAAAAAAAD4PwEJAQ1BFW5fcGFy"
            + "YW1zPTRBAzVBAzZBBVtdAQMBA+Dg4A==",
        ["ProxyReport"] =
            "MAEgPTopK2Jpb3Byb3h5LnByb3h5LXJlcG9ydEAdMTAuMC4wLjU6MTExMTFBAzFBAzIhgAB4fj1tTt8IgQAAAAAAAAAA4CEAA0EFczHg"
            + "QQMBAQMhAAXBFUAFczLgIQADIejAFQEJAQ0BEeDgIUAraHR0cDovLzEwLjAuMC41OjgwODgvIQADIUAFbTFBC3JlYWR5gQAAAAAAAPg/"
            + "AQkBDUEVbl9wYXJhbXM9NEEDNUEDNkEFW10BAwED4ODg4A==",
        ["ServerReply"] =
            "MAHN4AndK2Jpb3Byb3h5LnNlcnZlci1yZXBseUAhPSwbCgAAAECAAAAAAAAAKkEdMTAuMC4wLjU6MTExMTEBAyEgAAMBBQEJAQ0B"
            + "EQEDgQAAAAAAABZAAQMBAyEAAyHoAAUBCYEAAAAAAAAMQIEAAAAAAAASQIEAAAAAAAAWQAEZAQMBAwED4ODgAQWBAC0xAQAAAACB"
            + "gMPJAQAAAABBD2ZhaWx1cmUBEQEDARXgIeiAAAAAAAAA+D+BAAAAAAAABECBAAAAAAAADECBAAAAAAAAEkCBAAAAAAAAFkABAwED"
            + "4OA=",
        ["TurnAnswer"] =
            "MAHSSFuAKWJpb3Byb3h5LnR1cm4tYW5zd2VyIAADAQUBCQENAREBA4EAAAAAAAAWQAEDAQMhAAMh6AAFAQmBAAAAAAAADECBAAAA"
            + "AAAAEkCBAAAAAAAAFkABGQEDAQMBA+Dg4AEFgQAtMQEAAAAAgYDDyQEAAAAAQQ9mYWlsdXJlAREBAwEV4A==",
        ["TurnEstimate"] =
            "MAHsJTO8I2Jpb3Byb3h5LmVzdGltYXRl6IAAAAAAAAD4P4EAAAAAAAAEQIEAAAAAAAAMQIEAAAAAAAASQIEAAAAAAAAWQAEDAQPg",
        ["TurnOutcome"] =
            "MAEnSFNoK2Jpb3Byb3h5LnR1cm4tb3V0Y29tZQADAQOBAAAAAAAA4D8BBQEDIegABQEJAQ2BAAAAAAAAEkDg4A==",
        ["TurnRequest"] =
            "MAFMI4DOK2Jpb3Byb3h5LnR1cm4tcmVxdWVzdEAhPSwbCgAAAECAAAAAAAAAKkEdMTAuMC4wLjU6MTExMTFBC21vZGVsAQUBCQEHgQAA"
            + "AAAAABJAQQNkIUAHAQIDQQUEBQENIQEdASEBJeABA0EPc2Vzc2lvbgEDASkBLQExAQMBAwEBAQHBAQEBAQEBNSEBHQEf4ODg",
    };
}
