// SPDX-License-Identifier: MIT
#include "tests/fakes/house_catalogue.hpp"

#include <array>

namespace haingest::fakes {
namespace {

using E = EntityModel;

constexpr std::array k_bulb{
    E{"light", "", "", "", "", "on"},
    E{"sensor", "Zigbee connectivity", "enum", "", "diagnostic", "connected"},
    E{"update", "Firmware", "firmware", "", "config", "off"},
    E{"select", "Power-on behavior", "", "", "config", "previous"},
};
constexpr std::array k_climate_sensor{
    E{"sensor", "Temperature", "temperature", "°C", "", "21.4"},
    E{"sensor", "Humidity", "humidity", "%", "", "48"},
    E{"sensor", "Pressure", "pressure", "hPa", "", "1013.2"},
    E{"sensor", "Battery", "battery", "%", "diagnostic", "87"},
    E{"sensor", "LQI", "", "lqi", "diagnostic", "172"},
    E{"sensor", "RSSI", "signal_strength", "dBm", "diagnostic", "-61"},
};
constexpr std::array k_motion_sensor{
    E{"binary_sensor", "Motion", "motion", "", "", "off"},
    E{"sensor", "Illuminance", "illuminance", "lx", "", "12"},
    E{"sensor", "Temperature", "temperature", "°C", "", "20.9"},
    E{"sensor", "Battery", "battery", "%", "diagnostic", "100"},
    E{"number", "Occupancy timeout", "", "s", "config", "60"},
};
constexpr std::array k_contact_sensor{
    E{"binary_sensor", "Opening", "door", "", "", "off"},
    E{"sensor", "Battery", "battery", "%", "diagnostic", "64"},
    E{"binary_sensor", "Tamper", "tamper", "", "diagnostic", "off"},
};
constexpr std::array k_plug{
    E{"switch", "", "outlet", "", "", "on"},
    E{"sensor", "Power", "power", "W", "", "61.5"},
    E{"sensor", "Energy", "energy", "kWh", "", "153.27"},
    E{"sensor", "Voltage", "voltage", "V", "", "231.4"},
    E{"sensor", "Current", "current", "A", "", "0.27"},
    E{"binary_sensor", "Overheating", "problem", "", "diagnostic", "off"},
    E{"button", "Restart", "restart", "", "config", "unknown"},
};
constexpr std::array k_outlet{
    E{"switch", "", "outlet", "", "", "off"},
    E{"sensor", "Power", "power", "W", "", "0.0"},
    E{"sensor", "Energy", "energy", "kWh", "", "12.01"},
};
constexpr std::array k_node{
    E{"sensor", "Carbon dioxide", "carbon_dioxide", "ppm", "", "612"},
    E{"sensor", "PM2.5", "pm25", "µg/m³", "", "4.1"},
    E{"sensor", "WiFi signal", "signal_strength", "dBm", "diagnostic", "-58"},
    E{"sensor", "Uptime", "duration", "s", "diagnostic", "864211"},
    E{"button", "Safe mode boot", "restart", "", "diagnostic", "unknown"},
    E{"switch", "Status LED", "", "", "config", "on"},
    E{"text", "Display line", "", "", "config", "Hello"},
};
constexpr std::array k_thermostat{
    E{"climate", "", "", "", "", "heat"},
    E{"sensor", "Valve position", "", "%", "", "34"},
    E{"sensor", "Battery", "battery", "%", "diagnostic", "41"},
    E{"binary_sensor", "Window open", "window", "", "", "off"},
    E{"number", "Local temperature offset", "", "°C", "config", "-0.5"},
};
constexpr std::array k_shutter{
    E{"cover", "", "shutter", "", "", "open"},
    E{"sensor", "Power", "power", "W", "", "0"},
    E{"number", "Travel time", "duration", "s", "config", "23"},
};
constexpr std::array k_speaker{
    E{"media_player", "", "speaker", "", "", "idle"},
    E{"switch", "Loudness", "", "", "config", "on"},
    E{"number", "Bass", "", "", "config", "2"},
    E{"binary_sensor", "Microphone", "", "", "diagnostic", "on"},
};
constexpr std::array k_phone{
    E{"device_tracker", "", "", "", "", "home"},
    E{"sensor", "Battery level", "battery", "%", "", "73"},
    E{"sensor", "Battery state", "enum", "", "", "discharging"},
    E{"sensor", "Steps", "", "steps", "", "6214"},
    E{"sensor", "Geocoded location", "", "", "", "1 Example Street\nSpringfield"},
    E{"binary_sensor", "Focus", "", "", "", "off"},
};
constexpr std::array k_tracked{
    E{"device_tracker", "", "", "", "", "not_home"},
};
constexpr std::array k_hub{
    E{"button", "Identify", "identify", "", "config", "unknown"},
    E{"binary_sensor", "Connectivity", "connectivity", "", "diagnostic", "on"},
};
constexpr std::array k_forecast{
    E{"weather", "", "", "", "", "partlycloudy"},
};
constexpr std::array k_sun{
    E{"sensor", "Next dawn", "timestamp", "", "diagnostic", "2026-11-25T06:12:09+00:00"},
    E{"sensor", "Next dusk", "timestamp", "", "diagnostic", "2026-11-25T16:51:44+00:00"},
    E{"sensor", "Solar elevation", "", "°", "diagnostic", "-31.4"},
};
constexpr std::array k_team{
    E{"sensor", "", "", "", "", "PRE"},
};
constexpr std::array k_doorbell{
    E{"camera", "", "", "", "", "idle"},
    E{"event", "Ring", "doorbell", "", "", "2026-11-24T19:02:11.104+00:00"},
    E{"binary_sensor", "Person", "occupancy", "", "", "off"},
    E{"lock", "", "", "", "", "locked"},
};

constexpr std::array k_products{
    Product{"hue", "Bridge", "Signify Netherlands B.V.", "Hue Bridge", "BSB002", "1.68.1968092000",
            k_hub},
    Product{"hue", "Ceiling light", "Signify Netherlands B.V.", "Hue white ambiance lamp", "LTA001",
            "1.122.2", k_bulb},
    Product{"zha", "Climate sensor", "LUMI", "lumi.weather", "", "0x00000005", k_climate_sensor},
    Product{"shelly", "Power strip", "Shelly", "Shelly Plus Strip 2", "SNPL-00212EU",
            "1.4.4-g6d2a586", k_plug},
    Product{"shelly", "Outlet", "Shelly", "Shelly Plus Strip 2", "SNPL-00212EU", "1.4.4-g6d2a586",
            k_outlet},
    Product{"shelly", "Outlet", "Shelly", "Shelly Plus Strip 2", "SNPL-00212EU", "1.4.4-g6d2a586",
            k_outlet},
    Product{"mqtt", "Smart plug", "TuYa", "TS011F", "TS011F_plug_1", "192", k_plug},
    Product{"hue", "Motion sensor", "Signify Netherlands B.V.", "Hue motion sensor", "SML003",
            "1.1.27575", k_motion_sensor},
    Product{"esphome", "Air monitor", "Espressif", "esp32dev", "", "2026.10.2 (Oct 16 2026)",
            k_node},
    Product{"zha", "Window contact", "IKEA of Sweden", "PARASOLL Door/Window Sensor", "",
            "0x01000019", k_contact_sensor},
    Product{"mqtt", "Radiator", "Danfoss", "Ally thermostat", "014G2461", "1.18", k_thermostat},
    Product{"shelly", "Shutter", "Shelly", "Shelly Plus 2PM", "SNSW-102P16EU", "1.4.4-g6d2a586",
            k_shutter},
    Product{"zha", "Floor lamp", "IKEA of Sweden", "TRADFRI bulb E27 WS opal 980lm", "LED1545G12",
            "0x23089631", k_bulb},
    Product{"sonos", "Speaker", "Sonos", "One", "S18", "16.1", k_speaker},
    Product{"mobile_app", "Phone", "Apple", "iPhone16,2", "", "2026.10", k_phone},
    Product{"unifi", "Laptop", "", "", "", "", k_tracked},
    Product{"unifi", "Doorbell", "Ubiquiti", "G4 Doorbell Pro", "UVC G4 Doorbell Pro", "4.74.106",
            k_doorbell},
    Product{"met", "Forecast", "Met.no", "Forecast", "", "", k_forecast, true},
    Product{"sun", "Sun", "", "", "", "", k_sun, true},
    Product{"teamtracker", "Team", "Team Tracker", "", "", "", k_team, true},
};

constexpr std::array k_integrations{
    Integration{"hue", "Philips Hue", "zeroconf", "loaded", ""},
    Integration{"zha", "SkyConnect v1.0", "usb", "loaded", ""},
    Integration{"mqtt", "Mosquitto broker", "hassio", "loaded", ""},
    Integration{"esphome", "air-monitor", "zeroconf", "loaded", ""},
    Integration{"shelly", "Shelly", "zeroconf", "loaded", ""},
    Integration{"sonos", "Sonos", "dhcp", "loaded", ""},
    Integration{"mobile_app", "Phone", "registration", "loaded", ""},
    Integration{"unifi", "UniFi Network", "ssdp", "loaded", ""},
    Integration{"met", "Home", "onboarding", "loaded", ""},
    Integration{"sun", "Sun", "import", "loaded", ""},
    Integration{"teamtracker", "Team Tracker", "user", "loaded", ""},
    Integration{"cast", "Google Cast", "zeroconf", "not_loaded", ""},
    Integration{"roomba", "Vacuum", "dhcp", "setup_retry", "Device 192.0.2.17 is not reachable"},
};

constexpr std::array k_rooms{
    Room{"Kitchen", "kitchen", 0, "mdi:silverware-fork-knife"},
    Room{"Living Room", "living_room", 0, "mdi:sofa"},
    Room{"Bedroom", "bedroom", 1, "mdi:bed"},
    Room{"Kids' Room", "kids_room", 1, "mdi:teddy-bear"},
    Room{"Bathroom", "bathroom", 1, "mdi:shower"},
    Room{"Büro", "buro", 1, ""},
    Room{"Garage", "garage", 0, "mdi:garage"},
    Room{"Garden", "garden", -1, "mdi:flower"},
};

constexpr std::array k_measurements{
    E{"sensor", "Signal", "signal_strength", "dBm", "diagnostic", "-70"},
    E{"sensor", "Last seen", "timestamp", "", "diagnostic", "2026-11-25T00:31:02+00:00"},
    E{"sensor", "Device temperature", "temperature", "°C", "diagnostic", "32"},
    E{"binary_sensor", "Problem", "problem", "", "diagnostic", "off"},
    E{"switch", "Indicator", "", "", "config", "on"},
    E{"sensor", "Error count", "", "", "diagnostic", "0"},
};

constexpr std::array k_loose{
    E{"automation", "Lights off when away", "", "", "", "on"},
    E{"input_boolean", "Guest mode", "", "", "", "off"},
    E{"script", "Good night", "", "", "", "off"},
    E{"person", "Alex", "", "", "", "home"},
    E{"input_number", "Target temperature", "", "°C", "", "20.5"},
    E{"sensor", "Average temperature", "temperature", "°C", "", "20.87"},
    E{"binary_sensor", "Anyone home", "presence", "", "", "on"},
    E{"counter", "Washing cycles", "", "", "", "41"},
};

}  // namespace

std::span<const Product> products() { return k_products; }
std::span<const Integration> integrations() { return k_integrations; }
std::span<const Room> rooms() { return k_rooms; }
std::span<const EntityModel> measurements() { return k_measurements; }
std::span<const EntityModel> loose_entities() { return k_loose; }

}  // namespace haingest::fakes
